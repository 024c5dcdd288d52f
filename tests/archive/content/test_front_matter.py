"""Posts: written to the byte, read with patience."""

import json
import subprocess
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import frontmatter
import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from archive.article import SHANGHAI, Article, BodySource
from archive.article_id import InfoCode
from archive.content.front_matter import (
    NO_FRONT_MATTER,
    Post,
    SiteHandler,
    format_post,
    parse_post,
    post_path,
)
from archive.errors import InvalidArticle
from tests.support.requirements import program
from tests.support.tricky import SHARE_LINK, TRICKY

texts = st.text().filter(str.strip)
lines = texts.map(lambda text: " ".join(text.split())).filter(bool)
articles = st.builds(
    Article,
    info_code=st.from_regex(r"NW[0-9]{15,20}", fullmatch=True).map(InfoCode),
    title=texts,
    published=st.datetimes(datetime(1990, 1, 1), datetime(2999, 1, 1)).map(  # noqa: DTZ001
        lambda time: time.replace(microsecond=0, tzinfo=SHANGHAI)
    ),
    body=texts,
    body_source=st.sampled_from(BodySource),
    link=st.just("http://x/"),
    category=lines | st.just("cailianshe"),
    tag=lines.map(lambda line: line + "新闻"),
    digest=st.none() | lines,
).map(lambda article: replace(article, link=SHARE_LINK + article.info_code))


def as_read(post: Post) -> tuple[object, ...]:
    return post.info_code, post.title, post.published, post.category, post.tag, post.body, post.link


def as_written(article: Article) -> tuple[object, ...]:
    return (
        *(article.info_code, article.title, article.published, article.category, article.tag),
        *(article.body, article.link),
    )


@given(articles)
@example(TRICKY)
@example(replace(TRICKY, category="2022"))
@example(replace(TRICKY, title="\u3000标题\u3000", body="\u3000x"))
@settings(max_examples=500)
def test_what_is_written_is_read_and_is_yaml(article: Article) -> None:
    data = format_post(article)
    post = parse_post(data, post_path(article).name)
    assert as_read(post) == as_written(article)
    assert post.problems == ()
    assert post.day == article.published.date()

    front_matter, _ = SiteHandler().split(data.decode())
    fields = yaml.safe_load(front_matter)
    assert (fields["title"], fields["layout"]) == (article.title, "post")
    assert list(fields) == ["layout", "title", "date", "categories", "tags"]
    assert (fields["categories"], fields["tags"]) == (article.category, article.tag)
    assert not data.endswith(b"\n")


@given(articles, lines)
def test_rolling_news_keeps_its_digest(article: Article, digest: str) -> None:
    rolling = replace(article, category="emnews", digest=digest)
    post = parse_post(format_post(rolling), post_path(rolling).name)
    assert (post.digest, post.body) == (digest, article.body)
    assert not post_path(rolling).name.partition("-NW")[2]


def test_rubys_psych_reads_the_same_titles(tmp_path: Path) -> None:
    ruby = program("ruby")
    written: list[Article] = [TRICKY]

    @given(articles)
    @settings(max_examples=300)
    def collect(article: Article) -> None:
        written.append(article)

    collect()
    for number, article in enumerate(written):
        (tmp_path / f"{number:05}.md").write_bytes(format_post(article))
    script = """
        require "json"; require "yaml"; require "date"
        titles = Dir[ARGV[0] + "/*.md"].sort.map do |path|
          front = File.read(path, encoding: "UTF-8")[/\\A---\\s*\\n.*?\\n?^(---)\\s*$\\n?/m]
          YAML.safe_load(front, permitted_classes: [Date, Time])["title"]
        end
        print JSON.generate(titles)
    """
    read = subprocess.run((ruby, "-e", script, tmp_path), capture_output=True, check=True)
    assert json.loads(read.stdout) == [article.title for article in written]


def test_the_samples_are_read_and_written_back_to_the_byte(sample_posts: dict[str, bytes]) -> None:
    for name, data in sample_posts.items():
        post = parse_post(data, name)
        assert not post.problems
        assert post.info_code is not None
        assert post.title is not None
        assert post.published is not None
        assert post.link is not None
        article = Article(
            info_code=post.info_code,
            title=post.title,
            published=post.published,
            body=post.body,
            body_source=BodySource.SHARE_API,
            link=post.link,
            category=post.category,
            tag=post.tag,
            digest=post.digest,
        )
        assert format_post(article) == data
        assert post_path(article).name == name
        day = post.published
        assert str(post_path(article).parent) == f"{day:%Y}/{day:%m}"


def test_the_day_is_shanghais() -> None:
    late = replace(TRICKY, published=TRICKY.published.astimezone(SHANGHAI) + timedelta(hours=7))
    assert post_path(late).name.startswith("2021-12-30-NW")


def test_an_article_without_a_category_is_no_post() -> None:
    with pytest.raises(InvalidArticle, match="NW202112292230175548 has no category"):
        format_post(replace(TRICKY, category=None))


CLOSING = (
    "\n\n<" + SHARE_LINK + "NW202205262391921712>\n\n"
    "[返回财联社新闻](//finews.withounder.com/category/cailianshe.html)"
    "｜[返回首页](//finews.withounder.com/)"
)


def broken(title: str, time: str = "2022-05-26 10:00:00 +0800") -> bytes:
    head = f"---\nlayout: post\ntitle: {title}\ndate: {time}\ncategories: cailianshe\n"
    return f"{head}tags: 财联社新闻\n---\n<p>正文</p>{CLOSING}".encode()


NAME = "2022-05-26-NW202205262391921712.md"


@pytest.mark.parametrize(
    ("data", "name", "title", "published", "problems"),
    [
        (broken('"他说"好"了"'), NAME, '他说"好"了', "2022-05-26T10:00:00+08:00", ["not YAML"]),
        (broken('"a: "b" #c"'), NAME, 'a: "b" #c', "2022-05-26T10:00:00+08:00", ["not YAML"]),
        (broken('""'), NAME, None, "2022-05-26T10:00:00+08:00", ["no title"]),
        (broken(""), NAME, None, "2022-05-26T10:00:00+08:00", ["no title"]),
        (broken('"x"', " +0800"), "-202205262391921712.md", "x", None, ["date cannot be read"]),
        (broken('"x"', "2022-13-45 10:00:00 +0800"), NAME, "x", None, ["date cannot be read"]),
        (broken('"x"', "0001-01-01 00:00:00 +0900"), NAME, "x", None, ["date cannot be read"]),
        (
            *(broken('"财联"').decode().encode("gb18030"), NAME),
            *("财联", "2022-05-26T10:00:00+08:00", ["not utf-8"]),
        ),
        (
            *(b"\xef\xbb\xbf" + broken('"x"').replace(b"\n", b"\r\n"), NAME),
            *("x", "2022-05-26T10:00:00+08:00", ["byte order mark"]),
        ),
    ],
)
def test_broken_posts_of_the_wild_are_read_as_far_as_they_go(
    data: bytes, name: str, title: str | None, published: str | None, problems: list[str]
) -> None:
    post = parse_post(data, name)
    assert post.title == title
    assert (post.published.isoformat() if post.published else None) == published
    assert post.day == date(2022, 5, 26)
    assert (post.info_code, post.category) == ("NW202205262391921712", "cailianshe")
    assert post.tag == "财联社新闻"
    assert "<p>正文</p>" in post.body
    assert len(post.problems) == len(problems)
    for problem, expected in zip(post.problems, problems, strict=True):
        assert expected in problem


EASTMONEY = "http://finance.eastmoney.com/news/1355,202112082206000002.html"
OLD_NAME = "2021-12-08-202112082206000002.md"
OLD_HEAD = """---
layout: post
title: "标题"
date: 2021-12-08 12:42:48
categories: emnews
tags: 东财滚动新闻
---
"""
WAYS_BACK = (
    "",
    "\n\n[返回东财滚动新闻](//finews.zning.me/emnews/)\n[返回首页](//finews.zning.me/)",
    "\n\n[返回东财滚动新闻](//finews.zning.me/emnews/)\n\n[返回首页](//finews.zning.me/)\n",
    "\n\n[返回东财滚动新闻](//finews.withounder.com/emnews/)\n[返回首页](//finews.withounder.com/)",
    "\n\n[返回东财滚动新闻](../emnews/)",
    "\n[返回东财滚动新闻](../emnews/)  \n[返回首页](../)",
    "\n\n[返回东财滚动新闻](../emnews/)｜[返回首页](../)",
    "\n\n[返回东财滚动新闻](//finews.withounder.com/emnews/)｜[返回首页](//finews.withounder.com/)",
)


@pytest.mark.parametrize("before", ["", "\n", "\r\n \n"])
@pytest.mark.parametrize("ways_back", WAYS_BACK)
@pytest.mark.parametrize("body", ["国内的一句话。", "<p>一</p>\r\n<p>二</p>"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_posts_of_the_first_days_are_read_whole(
    before: str, ways_back: str, body: str, line_end: str
) -> None:
    text = f"{before}{OLD_HEAD}{body}\n\n<{EASTMONEY}>{ways_back}"
    if line_end == "\r\n":
        text = text.replace("\r\n", "\n").replace("\n", "\r\n")
        body = body.replace("\r\n", "\n").replace("\n", "\r\n")
    post = parse_post(text.encode(), OLD_NAME)
    assert (post.title, post.category, post.tag) == ("标题", "emnews", "东财滚动新闻")
    assert post.published == datetime(2021, 12, 8, 12, 42, 48, tzinfo=SHANGHAI)
    assert (post.link, post.body, post.digest) == (EASTMONEY, body, None)
    assert post.problems == ()


def test_the_broken_post_without_title_date_and_link() -> None:
    head = "---\nlayout: post\ntitle: \ndate:  +0800\ncategories: cailianshe\n---\n"
    ways_back = WAYS_BACK[1].replace("东财滚动新闻", "财联社新闻")
    post = parse_post(f"{head}<p>文</p>\n\n<>{ways_back}".encode(), "-202205262391921712.md")
    assert (post.body, post.link, post.tag) == ("<p>文</p>", None, "财联社新闻")
    assert post.problems == (
        "its date cannot be read: '+0800'",
        "it has no title",
        "its link is empty",
    )


@pytest.mark.parametrize("body", ["<p>一</p>", "一<br>", "<p>[返回x](y)</p>", "[返回x](y)z"])
def test_the_end_of_a_body_is_no_link(body: str) -> None:
    post = parse_post((OLD_HEAD + body).encode(), OLD_NAME)
    assert (post.body, post.link) == (body, None)
    assert post.problems == ("it does not end with the article's link",)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2021-12-29T17:34:39+08:00", "2021-12-29T17:34:39+08:00"),
        ("2021-12-29 17:34:39 +08:00", "2021-12-29T17:34:39+08:00"),
        ("2021-12-29 11:34:39 +02", "2021-12-29T17:34:39+08:00"),
        ("2021-12-29T09:34:39Z", "2021-12-29T17:34:39+08:00"),
        ("2021-12-29T20:34:39Z", "2021-12-30T04:34:39+08:00"),
        ("2021-12-29 09:34:39 UTC", "2021-12-29T17:34:39+08:00"),
        ("2021-12-29 17:34:39", "2021-12-29T17:34:39+08:00"),
        ("2021-12-29 17:34", "2021-12-29T17:34:00+08:00"),
        ("2021-12-29 17:34:39.123 +0800", "2021-12-29T17:34:39+08:00"),
        ("2021-12-29 9:04:39", "2021-12-29T09:04:39+08:00"),
        ("2021/12/29 17:34:39", "2021-12-29T17:34:39+08:00"),
        ("2021年12月29日 17:34", "2021-12-29T17:34:00+08:00"),
        ("2021-12-29 5:34:39 PM", "2021-12-29T17:34:39+08:00"),
        ("2021-12-29 12:34:39 AM", "2021-12-29T00:34:39+08:00"),
        ("2021-12-29 24:00:00", "2021-12-30T00:00:00+08:00"),
        ('"2021-12-29 17:34:39"', "2021-12-29T17:34:39+08:00"),
    ],
)
def test_times_in_the_forms_that_jekyll_takes(written: str, read: str) -> None:
    post = parse_post(broken('"x"', written), "2021-12-29-NW202205262391921712.md")
    assert post.published is not None
    assert post.published.isoformat(timespec="seconds") == read
    assert post.problems == ()


@pytest.mark.parametrize(
    "written",
    ["2021-12-29", "2021/12/29", "29 Dec 2021", "2021-12-29 25:00", "1640770479", "3分钟前"],
)
def test_a_time_that_cannot_be_read_is_told(written: str) -> None:
    post = parse_post(broken('"x"', written), "2021-12-29-NW202205262391921712.md")
    assert (post.published, post.day) == (None, date(2021, 12, 29))
    (problem,) = post.problems
    assert written in problem


@pytest.mark.parametrize(
    ("fields", "category", "tag"),
    [
        ("category: jia\ntag: 甲新闻", "jia", "甲新闻"),
        ("categories: [jia, yi]\ntags: [甲新闻]", "jia yi", "甲新闻"),
        ("categories:\n  - jia\n  - yi\ntags:\n- 甲新闻", "jia yi", "甲新闻"),
        ("categories: jia  yi\ntags: 甲  乙新闻", "jia  yi", "甲  乙新闻"),
    ],
)
@pytest.mark.parametrize("end", ["---", "..."])
def test_other_forms_of_front_matter(fields: str, category: str, tag: str, end: str) -> None:
    head = f'---\ntitle: "x"\ndate: 2021-12-08 12:42:48\n{fields}\n{end}\n'
    post = parse_post(f"{head}<p>文</p>\n\n<{EASTMONEY}>".encode(), OLD_NAME)
    assert (post.category, post.tag, post.title, post.body) == (category, tag, "x", "<p>文</p>")
    assert post.problems == ()


@pytest.mark.parametrize(
    "written", ["categories: {a: b}", "Categories: x", "categories: ~", "a: b"]
)
def test_a_category_that_is_not_read_is_told(written: str) -> None:
    post = parse_post(f'---\ntitle: "x"\n{written}\n---\n'.encode(), NAME)
    assert post.category is None
    assert "it has no category" in post.problems


@pytest.mark.parametrize("null", ["~", "null", "Null", "NULL"])
def test_a_null_title_is_none(null: str) -> None:
    assert parse_post(broken(null), NAME).title is None
    assert parse_post(broken(f'"{null}"'), NAME).title == null


def test_a_file_that_is_no_post_says_what_is_wrong_with_it() -> None:
    post = parse_post(b"hello", "README.md")
    assert (post.info_code, post.title, post.day, post.body) == (None, None, None, "hello")
    assert len(post.problems) == 5
    assert NO_FRONT_MATTER in post.problems


def test_name_and_link_that_disagree_are_told() -> None:
    post = parse_post(broken('"x"'), "2022-05-26-NW202205269999999999.md")
    assert post.info_code == "NW202205269999999999"
    assert post.problems == (
        "its name has the code NW202205269999999999, its link NW202205262391921712",
    )


@given(st.binary(), st.text())
def test_any_bytes_are_read(data: bytes, name: str) -> None:
    parse_post(data, name)
    parse_post(b"---\n" + data + b"\n---\n" + data, name)


def test_python_frontmatter_writes_it_with_our_handler(sample_posts: dict[str, bytes]) -> None:
    for data in sample_posts.values():
        front_matter, content = SiteHandler().split(data.decode())
        post = frontmatter.Post(content, SiteHandler(), **SiteHandler().load(front_matter))
        assert frontmatter.dumps(post).encode() == data

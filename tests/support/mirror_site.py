"""Render a site as large as the real mirror, with Jekyll and the templates of the sample site."""

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from random import Random
from urllib.parse import unquote, urljoin, urlsplit

from demo.articles import SHANGHAI, SHARE_HOSTS, Article, made_up_articles, slug_of
from demo.body import Block, api_html, media_body
from demo.post import expected_post
from tests.conftest import MIRROR, SAMPLES
from tests.support.requirements import program

_BUILT = datetime(2026, 11, 22, 23, 47, 52, tzinfo=SHANGHAI)

# With the 22 posts of the samples, 3 of them twins, these are 353 posts and 51 twins.
_MADE_UP, _TWINS = 283, 48

# Jekyll has no list for a category with a space: only its newest five posts, on the home page, can
# be found, so 11 of these 16 cannot. The other two have one path and two category pages.
_MEDIA = ("云帆世纪报  云帆APP", *("TechWeb", "Techweb") * 5)
_SPACED = 16

# The end of posts of the first days.
_OLD_WAYS_BACK = (
    "",
    "\n\n[返回东财滚动新闻](//finews.zning.me/emnews/)\n[返回首页](//finews.zning.me/)",
    "\n\n[返回东财滚动新闻](//finews.withounder.com/emnews/)\n[返回首页](//finews.withounder.com/)",
    "\n\n[返回东财滚动新闻](../emnews/)",
    "\n\n[返回东财滚动新闻](../emnews/)｜[返回首页](../)",
)
_WAY_BACK = re.compile(r"\n\n\[返回[^\n]*\Z")
_CATEGORY = re.compile(r"\ncategories: (.*)\n")
_HREF = re.compile(r'href="([^"]*)"')


@dataclass(frozen=True, slots=True)
class MirrorSite:
    """A rendered site, the answers of its share hosts, and the expected posts of a crawl.

    :param expected: file name → bytes, of every post.
    :param reachable: names of the posts that a page or the feed links to.
    :param answers: infoCode → answer of the share API, with both bodies.
    :param twins: infoCodes of the articles that have two posts.
    """

    folder: Path
    expected: Mapping[str, bytes]
    reachable: frozenset[str]
    answers: Mapping[str, bytes]
    twins: frozenset[str]


def build_mirror_site(folder: Path) -> MirrorSite:
    """Render the site: the samples, and made-up posts with the quirks of real ones."""
    sources = {path.name: path.read_bytes().decode() for path in _samples("posts")}
    expected = dict(sources)
    answers = {path.stem: path.read_bytes() for path in _samples("share_api")}
    codes = [f"NW{name[11:-3].removeprefix('NW')}" for name in sources]
    for number, article in enumerate(_articles()):
        post = expected_post(article).decode()
        post = post.replace("\n> \n\n", "\n")  # the first posts have no digest
        if number % 7 == 0:
            post = post.replace(SHARE_HOSTS[0], SHARE_HOSTS[1])
            post = post.replace("http://finance.", "http://hk.")
        expected[article.file_name] = post
        sources[article.file_name] = _as_written(article, post)
        answers.setdefault(article.info_code, _answer(article))  # the rolling one comes first
        codes.append(article.info_code)
    site = render(folder / "source", sources, lambda _: "中国网科技新闻")
    return MirrorSite(
        folder=site,
        expected={name: post.encode() for name, post in expected.items()},
        reachable=frozenset(_reachable(site, expected)),
        answers=answers,
        twins=frozenset(code for code in codes if codes.count(code) == 2),
    )


def render(source: Path, posts: Mapping[str, str], title: Callable[[str], str]) -> Path:
    """Have Jekyll render posts.

    :param title: returns the title of the page of a category, from its slug.
    """
    shutil.copytree(SAMPLES / "theme", source)
    for folder in ("_posts", "category"):
        (source / folder).mkdir()
    slugs: set[str] = set()
    for name, post in posts.items():
        (source / "_posts" / name).write_text(post, "utf-8", newline="")
        slugs |= set(_CATEGORY.findall(post))
    for slug in slugs:
        front = f'layout: category\ncategory: "{slug}"\ntitle: "{title(slug)}"'
        (source / "category" / f"{slug}.md").write_text(f"---\n{front}\n---\n", "utf-8")
    site = source.with_name("site")
    command = (program("jekyll"), "build", "--quiet", "-s", source, "-d", site)
    subprocess.run(command, capture_output=True, check=True)
    return site


def _samples(folder: str) -> Iterator[Path]:
    return (SAMPLES / folder).iterdir()


def _articles() -> Iterator[Article]:
    """Return the made-up articles, an article with two posts twice."""
    made_up = made_up_articles(_MADE_UP, Random(3060), _BUILT)  # noqa: S311 (no secret)
    media = iter([_MEDIA[0]] * _SPACED + list(_MEDIA[1:]))
    twins = old = 0
    for article in made_up:
        if article.is_rolling and old < len(_OLD_WAYS_BACK):
            old += 1
            yield _of_the_first_day(article)
        elif article.is_rolling:
            yield article
            if twins < _TWINS:
                twins += 1
                yield article.media_post
        elif article.broken:
            yield article
        else:
            yield _of_media(article, next(media, article.media))


def _of_the_first_day(article: Article) -> Article:
    code = f"NW20211208{article.info_code[10:]}"
    published = article.published.replace(year=2021, month=12, day=8)
    body = (Block(article.digest),)
    return replace(article, info_code=code, published=published, body=body, digest="")


def _of_media(article: Article, media: str) -> Article:
    credit = (f"来源：{article.media}）", f"来源：{media}）")
    body = tuple(replace(block, html=block.html.replace(*credit)) for block in article.body)
    return replace(article, media=media, slug=slug_of(media), tag=f"{media}新闻", body=body)


def _as_written(article: Article, post: str) -> str:
    """Return the post in the site's form of its day, which differs from today's."""
    post = post.replace("{% include news.html %}", "")  # Jekyll would build no site with that
    if article.broken:
        return post.replace('\\"', '"')
    if article.published.year == 2021:
        way_back = _OLD_WAYS_BACK[int(article.info_code[-3:]) // 5]
        return _WAY_BACK.sub(lambda _: way_back, post).replace(" +0800\n", "\n")
    return post


def _answer(article: Article) -> bytes:
    own, other = api_html(article.body), api_html(media_body(article.body))
    if not article.is_rolling:
        own, other = own.replace("\r\n", "\n"), own
    facts = {
        "infoCode": article.info_code,
        "title": article.title,
        "showtime": f"{article.published:%Y-%m-%d %H:%M:%S}",
        "from": article.media,
        "content": own,
        "text": other,
    }
    return json.dumps(facts, ensure_ascii=False).encode()


def _reachable(site: Path, posts: Iterable[str]) -> Iterator[str]:
    """Follow the links from the home page and the feed; return the names of the posts."""
    by_page = {f"{name[11:-3]}.html": name for name in posts}
    # Posts link to a page of rolling news that does not exist.
    to_read = [site / "index.html", site / "feed.xml", site / "category" / "emnews.html"]
    seen: set[Path] = set()
    while to_read:
        page = to_read.pop()
        if page in seen or not page.is_file():
            continue
        seen.add(page)
        address = f"https://{MIRROR}/{page.relative_to(site)}"
        for link in _HREF.findall(page.read_text("utf-8")):
            parts = urlsplit(urljoin(address, link))
            if parts.hostname == MIRROR:
                to_read.append(site / unquote(parts.path).lstrip("/"))
        name = page.name[11:] if page.name.startswith("20") and "-" in page.name else page.name
        if name in by_page:
            yield by_page[name]

"""The made-up site shows every quirk that the real one has shown."""

import json
import re
from datetime import datetime, timedelta
from itertools import pairwise
from urllib.parse import quote
from xml.etree import ElementTree

import pytest

from demo.article_api import ARTICLE_API_HOST
from demo.article_page import PAGE_HOST
from demo.articles import MIN_ARTICLES, ROLLING_TAG, SHANGHAI, SHARE_HOSTS, Article, slug_of
from demo.exchange import Request
from demo.mirror import BAD_POST_PATH, FOREIGN_LINK, MIRROR_HOST
from demo.site import BUILT, LaterSite, MadeUpSite, later, made_up_site

ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture(scope="module", params=[150, MIN_ARTICLES])
def site(request: pytest.FixtureRequest) -> MadeUpSite:
    """The site by default, and the smallest there is."""
    return made_up_site(articles=request.param)


def posts_of(site: MadeUpSite) -> tuple[Article, ...]:
    """Every post of the mirror: an article that is published twice has two."""
    return (*site.articles, *site.media_posts)


def page(site: MadeUpSite, path: str, *, status: int = 200) -> str:
    answer = site.sites[MIRROR_HOST](Request("GET", MIRROR_HOST, quote(path, safe="/()")))
    assert answer.status == status
    return answer.body.decode()


def section(text: str) -> str:
    return text.partition("<section>")[2].partition("</section>")[0]


def links(text: str) -> list[str]:
    return re.findall(r'<a href="([^"]*)"', section(text))


def path_of(article: Article) -> str:
    if article.broken:
        return f"/{BUILT:%Y/%m/%d}/{article.published:%Y-%m-%d}-{article.info_code}.html"
    folder = article.slug.lower().replace(" ", "/")
    return f"/{folder}/{article.published:%Y/%m/%d}/{article.name}.html"


def share_answer(site: MadeUpSite, host: str, code: str) -> dict[str, str]:
    request = Request("GET", host, "/NewsData/GetNewsText.do", f"id={code}")
    answer = site.sites[host](request)
    assert answer.status == 200
    facts = json.loads(answer.body)
    assert isinstance(facts, dict)
    return facts


def without(article: Article, *names: str) -> bool:
    return not set(names) & json.loads(article.answer).keys()


def test_it_is_the_same_every_time(site: MadeUpSite) -> None:
    again = made_up_site(articles=len(site.articles))
    assert again.posts == site.posts
    for path in ("/", "/feed.xml", *map(path_of, site.articles)):
        assert page(again, path) == page(site, path)


def test_another_seed_makes_another_site() -> None:
    assert not made_up_site(seed=1).posts.items() & made_up_site(seed=2).posts.items()


def test_it_has_enough_of_everything() -> None:
    site = made_up_site()
    assert len(site.posts) >= 120
    assert len({article.media for article in site.articles}) >= 12
    assert min(len(article.api_body) for article in site.articles) > 500


def test_too_few_articles_are_refused() -> None:
    with pytest.raises(ValueError, match="60 articles or more, not 59"):
        made_up_site(articles=MIN_ARTICLES - 1)


def test_it_moves_with_the_build_date() -> None:
    built = datetime(2027, 1, 5, 8, 0, tzinfo=SHANGHAI)
    site = made_up_site(built=built)
    assert all(built - timedelta(days=3) < a.published < built for a in site.articles)


def test_codes_are_unique_and_of_every_length(site: MadeUpSite) -> None:
    codes = [article.info_code for article in site.articles]
    assert len(set(codes)) == len(codes)
    assert all(re.fullmatch(r"NW\d{15,20}", code) for code in codes)
    assert {len(code) - 2 for code in codes} == {17, 18, 20}
    for article in site.articles:
        assert article.info_code.startswith(f"NW{article.published:%Y%m%d}")


def test_articles_are_in_order(site: MadeUpSite) -> None:
    assert all(a.published < b.published for a, b in pairwise(site.articles))


def test_home_shows_five_posts_of_each_tag_and_no_category(site: MadeUpSite) -> None:
    home = page(site, "/")
    lists = section(home).split("<h2 ")[1:]
    assert len(lists) >= 12
    for part in lists[:-1]:
        assert 1 <= part.count("<li>") <= 5
    assert "/category/" not in section(home)


def test_home_has_a_foreign_link_and_a_bad_code(site: MadeUpSite) -> None:
    assert {FOREIGN_LINK, BAD_POST_PATH} < set(links(page(site, "/")))
    page(site, BAD_POST_PATH, status=404)


def test_every_good_link_of_home_is_a_post(site: MadeUpSite) -> None:
    posts = set(map(path_of, posts_of(site)))
    assert set(links(page(site, "/"))) - {FOREIGN_LINK, BAD_POST_PATH} < posts


def test_every_article_can_be_found_the_long_way(site: MadeUpSite) -> None:
    """Home and feed, posts, their categories, all posts: nothing else is needed."""
    home = set(links(page(site, "/"))) - {FOREIGN_LINK, BAD_POST_PATH}
    feed = set(feed_paths(site))
    slugs = {post.slug for post in posts_of(site) if path_of(post) in home | feed}
    listed = {path for slug in slugs for path in links(page(site, f"/category/{slug}.html"))}
    everything = set(map(path_of, posts_of(site)))
    assert home | feed | listed == everything
    assert listed - home - feed, "some posts are only on category pages"
    assert feed - home - listed, "some posts are only in the feed"


def feed_paths(site: MadeUpSite) -> list[str]:
    feed = ElementTree.fromstring(page(site, "/feed.xml"))  # noqa: S314  # our own
    urls = [link.get("href", "") for link in feed.iterfind(f"{ATOM}entry/{ATOM}link")]
    assert all(url.startswith("https://finews.withounder.com/") for url in urls)
    return [url.removeprefix("https://finews.withounder.com").replace("%20", " ") for url in urls]


def test_the_feed_has_the_newest_ten_with_their_bodies(site: MadeUpSite) -> None:
    newest = {path_of(post) for post in posts_of(site) if post.broken}
    whole = [post for post in posts_of(site) if not post.broken]
    whole.sort(key=lambda post: (post.published, post.is_rolling))
    newest |= set(map(path_of, whole[-7:]))
    assert set(feed_paths(site)) == newest
    assert len(feed_paths(site)) == 10
    assert page(site, "/feed.xml").count('<p class="em_media">') == 10


def test_a_post_page_spills_its_body_before_the_body(site: MadeUpSite) -> None:
    for article in posts_of(site):
        text = page(site, path_of(article))
        head, _, rest = text.partition("<body ")
        assert 'class="em_media"' in head
        assert 'class="em_media"' in rest


def test_a_post_page_tells_its_facts(site: MadeUpSite) -> None:
    for article in posts_of(site):
        if article.broken:
            continue
        text = section(page(site, path_of(article)))
        time = f"{article.published:%Y-%m-%d %H:%M:%S}"
        assert f"<small>(GMT+8, Asia/Shanghai, CST) {time}</small>" in text
        assert f"<h1>{article.title}</h1>" in text
        tags = " - ".join(f"<em>{tag}</em>" for tag in article.tag.split())
        assert f"<small>tags: {tags}</small>" in text


def test_links_come_in_every_form(site: MadeUpSite) -> None:
    post = page(site, path_of(site.articles[-1]))
    assert {link.partition("//")[0] for link in links(post)} == {"", "http:"}
    assert '<h1><a href="https://finews.withounder.com/">' in post
    assert links(page(site, "/"))[0].startswith("/")


def test_broken_posts_lost_their_facts(site: MadeUpSite) -> None:
    broken = [article for article in site.articles if article.broken]
    assert len(broken) == 3
    for article in broken:
        text = section(page(site, path_of(article)))
        date = f"{article.published:%Y %m %d}"
        assert f"<h1>{date} {article.info_code.capitalize()}</h1>" in text
        assert f"CST) {BUILT:%Y-%m-%d %H:%M:%S}</small>" in text
        assert "<small>tags" not in text
        assert f"返回{article.tag}</a>" in text
        assert article.link in text
        assert '"' in article.title
        facts = share_answer(site, SHARE_HOSTS[0], article.info_code)
        assert facts["title"] == article.title
        assert f"{article.published:%Y-%m-%d %H:%M:%S}" == facts["showtime"]
        assert path_of(article) not in links(page(site, f"/category/{article.slug}.html"))


def test_media_with_a_space_are_cut_in_two(site: MadeUpSite) -> None:
    home = page(site, "/")
    spaced = [article for article in site.articles if " " in article.slug]
    assert len({article.media for article in spaced}) == 2
    for article in spaced:
        first, second = article.tag.split()
        assert f'<h2 id="{first}">' in home
        assert f'<h2 id="{second}">' in home
        assert path_of(article).count("/") == 6
        text = page(site, path_of(article))
        assert f'href="//finews.withounder.com/category/{article.slug}.html"' in text
        assert links(page(site, f"/category/{article.slug}.html")) == []


def test_slugs_have_capitals_brackets_and_xpinyins_mistakes(site: MadeUpSite) -> None:
    slugs = {article.slug for article in site.articles}
    assert {"Vane", "haimenguojizhengquan(xiangjiang)", "zhongshanribao", "shawanwanbao"} < slugs


@pytest.mark.parametrize(
    ("media", "slug"),
    [
        ("经济观察网", "jingjiguanchawang"),
        ("厦门日报", "shamenribao"),
        ("重庆日报", "zhongqingribao"),
        ("21世纪经济报道 21财经APP", "21shijijingjibaodao 21caijingAPP"),
    ],
)
def test_slugs_are_the_sites_own(media: str, slug: str) -> None:
    assert slug_of(media) == slug


def test_rolling_news_are_different(site: MadeUpSite) -> None:
    rolling = [article for article in site.articles if article.is_rolling]
    assert len(rolling) >= 10
    page(site, "/emnews/", status=404)
    assert links(page(site, "/category/emnews.html"))
    for article in rolling:
        assert article.tag == ROLLING_TAG
        text = section(page(site, path_of(article)))
        assert f"<blockquote>\n  <p>{article.digest}</p>" in text
        assert 'href="//finews.withounder.com/emnews/"' in text
        digits = article.info_code.removeprefix("NW")
        assert f'href="http://finance.eastmoney.com/news/1355,{digits}.html"' in text
        assert path_of(article).endswith(f"/{digits}.html")
        assert article.file_name == f"{article.published:%Y-%m-%d}-{digits}.md"
        facts = json.loads(article.answer)
        assert facts["content"] == article.api_body


def test_most_rolling_news_is_published_twice(site: MadeUpSite) -> None:
    rolling = {article.info_code: article for article in site.articles if article.is_rolling}
    twice = {post.info_code: post for post in site.media_posts}
    assert len(rolling) / 2 < len(twice) < len(rolling)
    for code, post in twice.items():
        assert (post.title, post.published) == (rolling[code].title, rolling[code].published)
        assert post.tag == f"{post.media}新闻"
        assert path_of(post) in links(page(site, f"/category/{post.slug}.html"))
        assert 'id="stock_' not in post.api_body
    assert any(post.api_body != rolling[code].api_body for code, post in twice.items())


def test_most_share_answers_have_both_bodies(site: MadeUpSite) -> None:
    both = [a for a in site.articles if {"text", "content"} <= json.loads(a.answer).keys()]
    assert len(site.articles) / 2 < len(both) < len(site.articles)
    answers = {article.info_code: json.loads(article.answer) for article in both}
    for post in site.media_posts:
        assert answers[post.info_code]["text"] == post.api_body


def test_share_answers_lack_now_this_now_that(site: MadeUpSite) -> None:
    told = [article for article in site.articles if article.share_hosts]
    for names in (("title",), ("infoCode",), ("from",), ("from", "medianame")):
        assert any(without(article, *names) for article in told)
    assert any(without(article, "showtime", "datetime") for article in told)
    assert any(without(a, "showtime") and not without(a, "datetime") for a in told)
    assert any(without(a, "from") and not without(a, "medianame") for a in told)


def test_share_hosts_know_the_same_but_for_a_few(site: MadeUpSite) -> None:
    first, second, third = SHARE_HOSTS

    def body(host: str, post: Article) -> str:
        facts = share_answer(site, host, post.info_code)
        return facts.get("content" if post.is_rolling else "text", "")

    second_only = 0
    for article in site.articles:
        bodies = [body(host, article) for host in (first, second, third)]
        if article.info_code in site.mirror_only:
            assert bodies == ["", "", ""]
        elif bodies[0] == "":
            second_only += 1
            assert bodies == ["", article.api_body, ""]
        else:
            assert bodies == [article.api_body] * 3
    assert second_only == 3
    assert len(site.mirror_only) == 3


def test_posts_are_expected_of_all_but_the_mirror_only(site: MadeUpSite) -> None:
    expected = {a.file_name for a in posts_of(site) if a.info_code not in site.mirror_only}
    assert site.posts.keys() == expected


def test_a_post_keeps_the_share_apis_own_bytes(site: MadeUpSite) -> None:
    for article in posts_of(site):
        if article.share_hosts:
            body = article.api_body.replace("\u3000\u3000", "")
            assert body.encode() in site.posts[article.file_name]


@pytest.mark.parametrize(
    "quirk",
    [
        r"<p>\u3000\u3000[^\u3000]",
        r"<p>\u3000\u3000\u3000[^\u3000]",
        r"^\u3000[^\u3000]",
        r"<!-- EM_StockImg_Start -->",
        r"webquoteklinepic\.eastmoney\.com/GetPic\.aspx",
        r"<center><img ",
        r"<table ",
        r"<br>",
        r"<br />",
        r"R&D",
        r"A&amp;B",
        r"&lt;.+?&gt;",
        r'<span id="bk_90\.BK\d+">',
        r'class="em_stock_key_common" data-code="\d+,\w+"',
        r"\{\{.*\}\}.*\{%.*%\}",
        r'data-code="\w+\|\d+\|2" data-code2="\w+\|\d+\|6\|" class="EmImageRemark"',
        r'<p style="display:none;height:1px;overflow:hidden;"><br /></p>',
        r'（文章来源：[^<>]*<span id="bk_90\.BK\d+"><a [^<>]*>证券</a></span>',
        r"</p>\r\n <",
        r"</p>\r\n<",
        r"</p>\n <",
        r"</p>\n<",
        r"</p><",
    ],
)
def test_bodies_have_the_quirk(quirk: str, site: MadeUpSite) -> None:
    assert any(re.search(quirk, a.api_body) for a in site.articles if a.share_hosts)


@pytest.mark.parametrize("market", ["0", "1", "105", "106", "107", "116"])
def test_bodies_have_securities_of_the_market(market: str, site: MadeUpSite) -> None:
    assert any(f'<span id="stock_{market}.' in article.api_body for article in site.articles)


def test_the_mirror_renders_bodies_its_own_way(site: MadeUpSite) -> None:
    for article in posts_of(site):
        text = section(page(site, path_of(article)))
        assert "<br>" not in text
        assert not re.search(r"&(?!\w+;)", text.replace(article.title, ""))
        assert "\u3000\u3000" not in text
        assert "{{" not in text.replace(article.title, "")
        assert "</p><p>" not in text
    pages = [page(site, path_of(article)) for article in posts_of(site)]
    assert any('<!-- EM_StockImg_Start -->\n<p style="' in text for text in pages)
    assert any('<p><!-- EM_StockImg_Start -->&lt;p style="' in text for text in pages)


@pytest.mark.parametrize(
    "quirk",
    [
        *('"', r"\\", "<b>", "&amp;", " & ", "：", "#", "🚀", r"\{\{.*\{%"),
        *("^#", "^- ", '^"', "^'", "^@", "^%", "^…", r"\\$", r"\*$", "、$", "！$"),
    ],
)
def test_titles_have_the_quirk(quirk: str, site: MadeUpSite) -> None:
    assert any(re.search(quirk, a.title) for a in site.articles if a.share_hosts)


def test_titles_are_quoted_in_posts(site: MadeUpSite) -> None:
    for article in site.articles:
        if article.share_hosts:
            line = site.posts[article.file_name].decode().split("\n")[2]
            # A double-quoted YAML string with these two escapes reads as JSON does.
            assert json.loads(line.removeprefix("title: ")) == article.title


def test_a_title_that_only_the_mirror_tells_comes_through_html(site: MadeUpSite) -> None:
    untold = [a for a in site.articles if a.share_hosts and without(a, "title")]
    assert any("<b>" in article.title for article in untold)
    for article in untold:
        assert not re.search(r'"|\\|&(?!amp;)', article.title)


def test_robots_are_welcome_on_the_mirror_and_unheard_of_elsewhere(site: MadeUpSite) -> None:
    assert page(site, "/robots.txt") == "User-agent: *\nAllow: /\n"
    for host in SHARE_HOSTS:
        assert site.sites[host](Request("GET", host, "/robots.txt")).status == 404


def test_expired_posts_are_404(site: MadeUpSite) -> None:
    text = page(site, "/yunfancaijing/2026/01/01/NW202601010000000001.html", status=404)
    assert "404 找不到页面" in text


@pytest.fixture(scope="module")
def changed(site: MadeUpSite) -> LaterSite:
    return later(site)


def answers_about(site: MadeUpSite, article: Article) -> list[str]:
    """What every host that has articles answers when it is asked for this one."""
    code = article.info_code.removeprefix("NW")
    hosts = {
        MIRROR_HOST: quote(path_of(article), safe="/()"),
        PAGE_HOST: f"/a/{code}.html",
        ARTICLE_API_HOST: f"/kuaixun/v2/api/article/{code}",
        **dict.fromkeys(SHARE_HOSTS, "/NewsData/GetNewsText.do"),
    }
    query = f"id={article.info_code}"
    requests = (Request("GET", host, path, query) for host, path in hosts.items())
    return [site.sites[request.host](request).body.decode() for request in requests]


def test_later_one_figure_of_one_article_is_another_one(
    site: MadeUpSite, changed: LaterSite
) -> None:
    different = set(changed.site.posts.items()) - set(site.posts.items())
    assert [name for name, _ in different] == [changed.corrected.file_name]
    (before,) = (a for a in site.articles if a.info_code == changed.corrected.info_code)
    figure = re.compile(r"\d+\.\d+")
    old, new = figure.findall(before.api_body), figure.findall(changed.corrected.api_body)
    ((wrong, right),) = ((a, b) for a, b in zip(old, new, strict=True) if a != b)
    assert figure.split(before.api_body) == figure.split(changed.corrected.api_body)
    for answer in answers_about(changed.site, changed.corrected):
        assert f"达到{right}亿元" in answer
        assert f"达到{wrong}亿元" not in answer


def test_later_one_article_is_nowhere(site: MadeUpSite, changed: LaterSite) -> None:
    assert site.posts.keys() - changed.site.posts.keys() == {changed.withdrawn.file_name}
    for before, now in zip(
        answers_about(site, changed.withdrawn),
        answers_about(changed.site, changed.withdrawn),
        strict=True,
    ):
        assert "（文章来源：" in before
        assert "（文章来源：" not in now
    page(changed.site, path_of(changed.withdrawn), status=404)
    facts = share_answer(changed.site, SHARE_HOSTS[0], changed.withdrawn.info_code)
    assert facts["text"] == ""
    lists = ("/", "/feed.xml", f"/category/{changed.withdrawn.slug}.html")
    assert not any(changed.withdrawn.name in page(changed.site, path) for path in lists)
    for column in changed.site.columns.values():
        assert changed.withdrawn not in column

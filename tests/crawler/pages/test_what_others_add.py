"""What caches, minifiers and proxies do to a page hides no article, and half a page is no page."""

import re

import pytest
from scrapy.http import HtmlResponse, XmlResponse

from crawler.pages.errors import LayoutChanged
from crawler.pages.feed import Feed
from crawler.pages.mirror_list import ListPage
from crawler.pages.mirror_post import PostPage
from tests.conftest import MIRROR, SAMPLES

SITE = SAMPLES / "site"
HOME = (SITE / "index.html").read_text(encoding="utf-8")
FEED = (SITE / "feed.xml").read_text(encoding="utf-8")
POST_PATH = "emnews/2022/05/20/202205202300000042.html"
POST = (SITE / POST_PATH).read_text(encoding="utf-8")

ADDED = [
    "{0}\n<!-- Page cached in 0.5 s -->",
    '{0}<script defer src="https://static.example/beacon.js"></script>',
    "{0}\0\0\0",
    "{0} \r\n",
    "{0}<section>Cookies?</section>",
]


def home(text: str) -> list[str]:
    return ListPage(HtmlResponse(f"https://{MIRROR}/", body=text.encode())).links()


def feed(text: str) -> Feed:
    return Feed(XmlResponse(f"https://{MIRROR}/feed.xml", body=text.encode(), encoding="utf-8"))


def post(text: str) -> PostPage:
    return PostPage(HtmlResponse(f"https://{MIRROR}/{POST_PATH}", body=text.encode()))


@pytest.mark.parametrize("added", ADDED)
def test_what_stands_behind_the_end_is_passed_over(added: str) -> None:
    assert home(added.format(HOME)) == home(HOME)
    assert post(added.format(POST)).facts() == post(POST).facts()
    assert feed(added.format(FEED)).links() == feed(FEED).links()


def test_optional_end_tags_may_be_missing_and_names_in_capitals() -> None:
    def minified(text: str) -> str:
        return re.sub(r"</(?:body|html)>\s*", "", text)

    def in_capitals(text: str) -> str:
        return re.sub(r"</(?:body|html|section)>", lambda tag: tag[0].upper(), text)

    for changed in (minified, in_capitals):
        assert home(changed(HOME)) == home(HOME)
        assert post(changed(POST)).facts() == post(POST).facts()


@pytest.mark.parametrize("end", ["</html>", "</body></html>", "</BODY>\n</HTML >"])
def test_the_end_of_a_page_in_its_middle_ends_nothing(end: str) -> None:
    for mark in ("<section>", "</li>", "</section>"):
        assert home(HOME.replace(mark, f"{mark}{end}")) == home(HOME)


def test_an_article_is_where_its_own_link_leads() -> None:
    replies = '<entry><link rel="replies" href="https://comments.example/"/>'
    assert feed(FEED.replace("<entry>", replies)).links() == feed(FEED).links()


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_half_a_page_is_told_by_its_element(share: float) -> None:
    end = HOME.index("<section>") + int(
        share * (HOME.rindex("</section>") - HOME.index("<section>"))
    )
    with pytest.raises(LayoutChanged, match="<section>"):
        home(HOME[:end])
    begin, stop = POST.index('<div class="wrapper">'), POST.rindex("</section>")
    with pytest.raises(LayoutChanged, match="<section>"):
        post(POST[: begin + int(share * (stop - begin))]).facts()
    with pytest.raises(LayoutChanged, match="feed"):
        feed(FEED[: int(share * len(FEED))]).links()


def test_a_prefix_of_the_namespace_changes_nothing() -> None:
    prefixed = re.sub(r"<(/?)(?=[a-z])(?![^<]*CDATA)", r"<\1a:", FEED.split("<entry>")[0])
    entry = (
        '<a:entry><a:link href="https://finews.withounder.com/cailianshe/2022/05/20/'
        'NW202205202300000029.html" rel="alternate"/></a:entry>'
    )
    text = prefixed.replace("xmlns=", "xmlns:a=") + entry + "</a:feed>"
    assert feed(text).links() == [
        "https://finews.withounder.com/cailianshe/2022/05/20/NW202205202300000029.html"
    ]


@pytest.mark.parametrize("before", ["", " ", "\n\t"])
@pytest.mark.parametrize("behind", [" ", "\r\n ", "\t", "\f"])
def test_white_space_around_an_address_is_no_part_of_it(before: str, behind: str) -> None:
    spaced = re.sub(r'href="(/[^"]*\.html)"', rf'href="{before}\1{behind}"', HOME)
    assert spaced != HOME
    assert home(spaced) == home(HOME)

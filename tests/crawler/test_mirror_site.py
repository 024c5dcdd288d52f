"""The mirror's addresses."""

from datetime import date

import pytest

from archive.errors import InvalidInfoCode
from crawler.mirror_site import MirrorSite, PostLink
from crawler.sources import Mirror

MIRROR = Mirror(
    site="https://finews.withounder.com/",
    hosts=("finews.withounder.com", "finews.zning.me"),
    feed="/feed.xml",
    category="/category/{slug}.html",
)
SITE = MirrorSite(MIRROR, "http://127.0.0.1:8000/")
CODE = "NW202205202300000007"
DAY = date(2022, 5, 20)


def test_addresses_are_at_the_start_address() -> None:
    assert SITE.home == "http://127.0.0.1:8000/"
    assert SITE.host == "127.0.0.1"
    assert SITE.feed == "http://127.0.0.1:8000/feed.xml"
    spaced = SITE.category_page("21shijijingjibaodao 21caijingAPP")
    assert spaced == "http://127.0.0.1:8000/category/21shijijingjibaodao%2021caijingAPP.html"
    bracketed = MirrorSite(MIRROR).category_page("anxinguojizhengquan(xianggang)")
    assert bracketed.startswith("https://finews.withounder.com/category/anxinguojizhengquan%28")


@pytest.mark.parametrize(
    ("link", "category", "path"),
    [
        (f"https://finews.withounder.com/wind/2022/05/20/{CODE}.html", "wind", "same"),
        (f"https://finews.zning.me/wind/2022/05/20/{CODE}.html#x", "wind", "same"),
        (f"http://127.0.0.1:8000/a/b/2022/05/20/{CODE}.html", "a/b", "same"),
        (f"https://finews.withounder.com/x(y)/2022/05/20/{CODE}.html", "x(y)", "same"),
    ],
)
def test_posts_are_asked_for_at_the_start_address(link: str, category: str, path: str) -> None:
    post = SITE.post(link)
    assert post is not None
    assert post.url.startswith("http://127.0.0.1:8000/")
    assert post.url.endswith(f"/2022/05/20/{CODE}.html")
    assert (post.info_code, post.category, post.day) == (CODE, category, DAY)


def test_a_post_of_broken_front_matter_has_its_day_in_its_name() -> None:
    post = SITE.post(f"https://finews.withounder.com/2026/11/22/2022-05-20-{CODE}.html")
    assert post is not None
    assert (post.info_code, post.category, post.day) == (CODE, "", DAY)
    assert post.is_in(("wind",))


@pytest.mark.parametrize(
    "link",
    [
        "https://finews.withounder.com/",
        "https://finews.withounder.com/category/emnews.html",
        f"https://elsewhere.com/wind/2022/05/20/{CODE}.html",
        f"https://finews.withounder.com.evil.com/wind/2022/05/20/{CODE}.html",
        f"http://finews.zning.xyz/html_News/NewsShare.html?infoCode={CODE}",
        "javascript:alert(1)",
        "http://[",
    ],
)
def test_other_links_are_no_posts(link: str) -> None:
    assert SITE.post(link) is None


def test_a_post_whose_name_is_no_code_is_refused() -> None:
    with pytest.raises(InvalidInfoCode, match=r"NW12\.html"):
        SITE.post("https://finews.withounder.com/x/2022/05/20/NW12.html")


@pytest.mark.parametrize(
    "start", ["https://name.github.io/finews", "https://name.github.io/finews/"]
)
def test_a_site_below_a_path_is_asked_for_below_it(start: str) -> None:
    site = MirrorSite(MIRROR, start)
    assert (site.home, site.host) == ("https://name.github.io/finews/", "name.github.io")
    assert site.feed == "https://name.github.io/finews/feed.xml"
    assert site.category_page("Wind") == "https://name.github.io/finews/category/Wind.html"
    page = f"https://name.github.io/finews/wind/2022/05/20/{CODE}.html"
    for link in (
        f"{page}#x",
        page.replace("https", "http"),
        f"https://finews.withounder.com/wind/2022/05/20/{CODE}.html",
    ):
        post = site.post(link)
        assert post is not None
        assert (post.url, post.category, post.day) == (page, "wind", DAY)
    for elsewhere in ("", "other/", "finewsletter/"):
        assert site.post(f"https://name.github.io/{elsewhere}wind/2022/05/20/{CODE}.html") is None
    broken = site.post(f"https://name.github.io/finews/2026/11/22/2022-05-20-{CODE}.html")
    assert broken is not None
    assert broken.category == ""


@pytest.mark.parametrize(
    ("category", "slug", "inside"),
    [
        ("wind", "Wind", True),
        ("21shijijingjibaodao/21caijingapp", "21shijijingjibaodao 21caijingAPP", True),
        ("wind", "winds", False),
    ],
)
def test_paths_are_slugs_as_jekyll_makes_folders_of_them(
    category: str, slug: str, inside: bool
) -> None:
    link = PostLink(
        "http://x/",
        "http://x/",
        SITE.post(f"http://127.0.0.1/a/2022/05/20/{CODE}.html").info_code,  # type: ignore[union-attr]
        category,
        DAY,
    )
    assert link.is_in(("other", slug)) is inside

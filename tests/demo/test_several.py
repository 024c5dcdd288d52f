"""Several made-up sites: each by itself, none with an article of another."""

from itertools import combinations
from pathlib import Path
from urllib.parse import urlsplit

from crawler.sources import Sources
from demo.exchange import Request
from demo.several import several_sites


def test_no_two_sites_share_a_host_or_an_article() -> None:
    for one, other in combinations(several_sites(3), 2):
        assert not one.sites.keys() & other.sites.keys()
        codes = [{article.info_code for article in s.made_up.articles} for s in (one, other)]
        assert len(codes[0]) == 60
        assert not codes[0] & codes[1]


def test_the_crawler_takes_their_facts(tmp_path: Path) -> None:
    for one in several_sites(2):
        path = tmp_path / "sources.toml"
        path.write_text(one.sources, encoding="utf-8")
        sources = Sources.load(path)
        hosts = {
            urlsplit(address).hostname for address in (sources.mirror.site, *sources.share.api)
        }
        assert hosts == one.sites.keys()


def test_a_share_host_knows_what_any_of_the_made_up_ones_does() -> None:
    (one,) = several_sites(1)
    share = one.sites["share.site0.example"]
    for article in one.made_up.articles:
        request = Request(
            "GET", "share.site0.example", "/NewsData/GetNewsText.do", f"id={article.info_code}"
        )
        told = share(request).body
        assert (told == article.answer) == bool(article.share_hosts)

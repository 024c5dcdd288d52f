"""Several made-up publishers: each by itself, none with a host of another."""

from itertools import combinations
from pathlib import Path

from bench.several import several_sites
from crawler.declarations import load_all
from demo.exchange import Request


def test_no_two_sites_share_a_host() -> None:
    for one, other in combinations(several_sites(3), 2):
        assert not one.sites.keys() & other.sites.keys()


def test_the_crawler_takes_their_declarations(tmp_path: Path) -> None:
    for one in several_sites(2):
        (tmp_path / f"{one.name}.toml").write_text(one.declaration, encoding="utf-8")
    declared = load_all([tmp_path])
    assert [source.hosts for source in declared.values()] == [
        ("www.site0.example",),
        ("www.site1.example",),
    ]


def test_every_article_is_in_a_list_and_has_a_page() -> None:
    (one,) = several_sites(1, articles=30)
    site = one.sites[one.host]
    pages = [site(Request("GET", one.host, "/list", f"page={page}")).body for page in (1, 2, 3)]
    assert [page.count(b'"id"') for page in pages] == [20, 10, 0]
    assert site(Request("GET", one.host, "/a/100.html")).status == 200
    assert site(Request("GET", one.host, "/a/1.html")).status == 404

"""`sources.toml`: what is wrong in it is told by name, before anything is asked for."""

from pathlib import Path

import pytest

from crawler.sources import InvalidSources, Sources
from tests.conftest import SOURCES


def test_the_projects_own_are_right() -> None:
    assert Sources.load(SOURCES).mirror.hosts


@pytest.mark.parametrize(
    ("right", "wrong", "complaint"),
    [
        ('"/feed.xml"', '"//elsewhere.test/feed.xml"', "mirror.feed should be a path"),
        ('"/feed.xml"', '"feed.xml"', "mirror.feed should be a path"),
        ('"/feed.xml"', '"/{slug}.xml"', "mirror.feed should have no placeholder"),
        ("{slug}", "{slg}", "mirror.category should have {slug}"),
        ("{slug}", "{slug", "mirror.category should have {slug}"),
        ('["finews.withounder.com", ', '["*.com", ', "mirror.hosts.0 should be the name of a host"),
        ('link = "http', 'link = "file', "share.link should be an address"),
        ("1355,{digits}", "1355,{digits.__class__}", "share.rolling_link should have {digits}"),
        ("infoCode={info_code}", "infoCode={info_code!r}", "share.link should have {info_code}"),
        ("infoCode={info_code}", "infoCode=", "share.link should have {info_code}"),
        ("id={info_code}", "id={info_code:>9}", "share.api.0 should have {info_code}"),
        (
            "page_index={page}",
            "page_index=1",
            "eastmoney.columns.0 should have {column} and {page}",
        ),
        ("page_size = 50", "page_size = 12", "eastmoney.page_size Input should be greater than"),
        ('["快讯", "财', '["none", "财', "eastmoney reads the list "),
        ('350 = ["国内经济", "economy"]', "350 = 5", "eastmoney.news_columns.350"),
        ('350 = ["国内经济", ', "350 = [", "eastmoney reads the list "),
        ('350 = ["国内经济", ', '350 = ["快讯", ', "eastmoney has two lists of the name '快讯'"),
        ("350 = [", "102 = [", "eastmoney has two lists of the name '102'"),
        ("350 = [", "shares = [", "news_columns should have numbers as keys, such as 345 = ["),
        (
            '350 = ["国内经济", "economy"]',
            "all = 350",
            "that was column 350, 国内经济, which is the",
        ),
        ('["快讯", "财', '["stocks", "财', "eastmoney has a column that is not called 'stocks'"),
        ('"article_page", "share', '"summary", "share', "eastmoney.bodies.1 should be share_api,"),
        ('bodies = ["share_api"]', "bodies = []", "mirror.bodies should have one entry at least"),
        ("[pictures]", "[photos]", "pictures is missing"),
        ('hosts = ["np', 'hosts = ["http://np', "pictures.hosts.0 should be the name of a host"),
    ],
)
def test_a_wrong_entry_is_told_by_name(
    tmp_path: Path, right: str, wrong: str, complaint: str
) -> None:
    text = SOURCES.read_text(encoding="utf-8")
    assert right in text
    sources = tmp_path / "sources.toml"
    sources.write_text(text.replace(right, wrong), encoding="utf-8")
    with pytest.raises(InvalidSources) as error:
        Sources.load(sources)
    told = str(error.value)
    assert told.startswith(f"The sources {sources} are wrong: ")
    assert complaint in told
    assert len(told.splitlines()) == 1


@pytest.mark.parametrize(
    ("key", "complaint"),
    [
        ("api", "share.api should have one entry at least."),
        ("rolling", "eastmoney names lists of rolling news, but rolling has no address of them."),
        ("columns", "eastmoney names columns, but columns has no address of them."),
    ],
)
def test_no_host_at_all_is_told(tmp_path: Path, key: str, complaint: str) -> None:
    before, _, rest = SOURCES.read_text(encoding="utf-8").partition(f"\n{key} = [")
    sources = tmp_path / "sources.toml"
    sources.write_text(f"{before}\n{key} = []{rest.partition(']')[2]}", encoding="utf-8")
    with pytest.raises(InvalidSources) as error:
        Sources.load(sources)
    assert str(error.value).endswith(complaint)

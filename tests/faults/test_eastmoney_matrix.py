"""Every fault of `matrix.FAULTS` on what `scrapy crawl eastmoney` asks: many in one crawl, each on
a list or an article of its own."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from urllib.parse import parse_qsl

import pytest

from archive.integrity.verify import verify
from demo.article_api import ARTICLE_API_HOST
from demo.article_page import PAGE_HOST, article_page_site
from demo.articles import SHARE_HOSTS, Article
from demo.eastmoney import (
    COLUMNS_PATH,
    FAST_COLUMN,
    FAST_NEWS_PATH,
    LISTAPI_HOST,
    SECURITY_PATH,
    WEBLIST_HOST,
    FastNews,
    code_of,
    list_site,
)
from demo.exchange import Answer, Request, Site
from demo.faults import Fault
from demo.replica import Replica
from demo.share import share_api_site
from demo.site import made_up_site
from tests.conftest import SOURCES, posts_in
from tests.faults import crawls
from tests.faults.crawls import MOST_MEMORY, TOMORROW, Ended
from tests.faults.matrix import EASTMONEYS, Place, Row, rows_of
from tests.support.sample_site import rows

#: Number of the first list.
FIRST = 1000
MANY_AT_ONCE = {"FINEWS_ONE_SLOT": False, "FINEWS_FIRST_DAYS": 36500}  # made-up articles are old
ROLLING_AT = f"{FAST_NEWS_PATH}?fastColumn={{column}}&sortEnd={{page}}&req_trace={{trace}}"
COLUMN_AT = (
    f"{COLUMNS_PATH}?column={{column}}&page_index={{page}}&page_size={{size}}&req_trace={{trace}}"
)
LISTS_AT = {Place.ROLLING: (WEBLIST_HOST, LISTAPI_HOST)}


@cache
def articles() -> tuple[list[Article], list[FastNews]]:
    """Return articles of columns, and rolling news; all share hosts have them."""
    made_up = made_up_site(articles=400)
    plain = [
        article
        for article in made_up.articles
        if not article.broken and article.share_hosts == SHARE_HOSTS
    ]
    return (
        [article for article in plain if not article.is_rolling],
        [news for news in made_up.fast_news if news.article in plain],
    )


def rolling_site(news: Sequence[FastNews]) -> Site:
    """Return a host with a list for each piece of rolling news."""

    def answer(request: Request) -> Answer:
        number = dict(parse_qsl(request.query)).get("fastColumn", "")
        if not number:
            return Answer(404)
        query = request.query.replace(f"fastColumn={number}&", f"fastColumn={FAST_COLUMN}&")
        return list_site([news[int(number) - FIRST]])(replace(request, query=query))

    return answer


class Eastmoney:
    """Lists of one article for every fault, and two without a fault.

    :param hosts: hosts of the lists, if not Eastmoney's own.
    """

    def __init__(self, place: Place, faults: int, folder: Path, hosts: Sequence[str] = ()) -> None:
        of_columns, news = articles()
        lists = faults + 2
        rolling = place is Place.ROLLING
        listed = [piece.article for piece in news] if rolling else of_columns
        self.place = place
        self.codes = [code_of(article) for article in listed[:lists] if article]
        columns = {str(FIRST + n): [article] for n, article in enumerate(of_columns[:lists])}
        site = rolling_site(news) if rolling else list_site((), columns)
        shared = {article.info_code: article.answer for article in listed if article}
        if place is Place.PAGE:
            for code in self.codes[:faults]:
                del shared[f"NW{code}"]
        self.hosts = hosts or LISTS_AT.get(place, (LISTAPI_HOST,))
        self.sites: Mapping[str, Site] = {
            **dict.fromkeys(self.hosts, site),
            **dict.fromkeys(SHARE_HOSTS, share_api_site(shared)),
            PAGE_HOST: article_page_site(of_columns),
        }
        self._sources = folder / "sources.toml"
        names = {f"list{number}": FIRST + number for number in range(lists)}
        self._sources.write_text(
            SOURCES.read_text(encoding="utf-8").partition("[eastmoney]")[0]
            + _facts(names, self.hosts, rolling=rolling),
            encoding="utf-8",
        )

    def strike(self, row: Row, number: int) -> list[Fault]:
        """Apply a fault to the list, or the article's page, of this number."""
        target = {
            Place.ROLLING: rf"\?fastColumn={FIRST + number}&",
            Place.COLUMN: rf"\?column={FIRST + number}&",
            Place.PAGE: rf"/a/{self.codes[number]}\.html$",
        }[self.place]
        return [
            Fault(host, re.compile(target), failure=row.failure, times=row.times)
            for host in ((PAGE_HOST,) if self.place is Place.PAGE else self.hosts)
        ]

    def crawl(self, replica: Replica, archive: Path, *settings: Mapping[str, object]) -> Ended:
        own = {**MANY_AT_ONCE, "FINEWS_SOURCES": self._sources}
        return crawls.crawl(replica, archive, ("eastmoney",), own, *settings)


def _facts(names: Mapping[str, int], hosts: Sequence[str], *, rolling: bool) -> str:
    """Return Eastmoney's source declaration, with http only."""
    lists = "".join(f'{number} = ["{name}"]\n' for name, number in names.items())
    other = '1 = ["other"]\n'
    return f"""
[eastmoney]
bodies = ["share_api", "article_page"]
article_api = "http://{ARTICLE_API_HOST}/kuaixun/v2/api/article/{{digits}}"
article_page = "http://{PAGE_HOST}/a/{{digits}}.html"
rolling = {json.dumps([f"http://{host}{ROLLING_AT}" for host in hosts])}
columns = {json.dumps([f"http://{host}{COLUMN_AT}" for host in hosts])}
security_news = ["http://{LISTAPI_HOST}{SECURITY_PATH}?{{security}}&{{page}}&{{size}}"]
page_size = 50
read = {json.dumps(list(names))}
[eastmoney.rolling_columns]
{lists if rolling else other}
[eastmoney.news_columns]
{other if rolling else lists}
"""


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return tmp_path / "news"


Struck = tuple[Eastmoney, Replica, Path, Ended, dict[str, bytes]]


@pytest.fixture(scope="module", params=EASTMONEYS, ids=lambda place: place.name.lower())
def struck(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Struck]:
    """A crawl that met all faults of a place that do not block its host, and the
    posts of one that met none."""
    place: Place = request.param
    faults = rows_of(place)
    folder = tmp_path_factory.mktemp(place.name)
    site = Eastmoney(place, len(faults), folder)
    with Replica(site.sites) as replica:
        undisturbed = site.crawl(replica, folder / "undisturbed")
        assert undisturbed.status == 0, undisturbed.log
        replica.faults = [
            fault for number, row in enumerate(faults) for fault in site.strike(row, number)
        ]
        ended = site.crawl(replica, folder / "news")
        yield site, replica, folder / "news", ended, posts_in(folder / "undisturbed")


def test_each_fault_ends_as_the_matrix_says(struck: Struck) -> None:
    site, replica, archive, ended, undisturbed = struck
    place = site.place
    assert "Traceback" not in ended.log, ended.log
    assert not re.search(r"was not read: .*twisted|is not archived: .*twisted", ended.log)
    assert all(fault.struck for fault in replica.faults[:: 2 if place is Place.ROLLING else 1])
    assert not replica.unknown
    assert ended.seconds < 60
    assert ended.peak < MOST_MEMORY

    got = posts_in(archive)
    assert got == {name: undisturbed[name] for name in got}
    assert not verify(archive).problems
    expected = Counter[str]()
    for number, row in enumerate(rows_of(place)):
        outcome, code = row.outcomes[place], site.codes[number]
        expected.update([outcome.reason] if outcome.reason else [])
        told = rf"The list \S*olumn={FIRST + number}&\S* was not read: "
        if place is Place.PAGE:
            told = f"NW{code} is not archived: "
        kept = any(code in name for name in got)
        assert (bool(re.search(told, ended.log)), kept) == (
            *(outcome.reason is not None, outcome.reason is None),
        ), row.name
    assert len(undisturbed) - len(got) == expected.total()
    ((reasons, failed),) = rows(archive, "SELECT reasons, failed FROM crawls")
    if place is Place.PAGE:
        assert (ended.status, failed) == (6, expected.total())
        assert json.loads(reasons) == expected
    else:
        assert (ended.status, failed) == (3, 0)
        told = f"{expected.total()} lists of the source could not be read; articles may be missed: "
        assert told in ended.log


def test_the_next_crawl_makes_it_whole(struck: Struck) -> None:
    site, replica, archive, _, undisturbed = struck
    replica.faults = []
    crawls.assert_whole(site.crawl(replica, archive), archive, undisturbed)


@pytest.mark.parametrize("place", [Place.ROLLING, Place.COLUMN], ids=["rolling", "column"])
def test_hosts_of_lists_that_block_us_are_left_alone_and_whole_tomorrow(
    place: Place, archive: Path, tmp_path: Path
) -> None:
    """Block each host with another fault, until none is left."""
    blocking = rows_of(place, blocking=True)
    hosts = [f"list{number}.test" for number in range(len(blocking))]
    site = Eastmoney(place, 0, tmp_path, hosts)
    faults = [
        Fault(host, "/comm/", failure=row.failure)
        for host, row in zip(hosts, blocking, strict=True)
    ]
    with Replica(site.sites, faults=faults) as replica:
        ended = site.crawl(replica, archive, {"CONCURRENT_REQUESTS": 1})
        assert ended.status in (3, 4), ended.log
        assert [fault.struck for fault in faults] == [1] * len(faults)
        assert all(f"UTC by {host}: " in ended.log for host in hosts)
        assert "Traceback" not in ended.log
        assert not posts_in(archive)
        replica.faults = []
        assert site.crawl(replica, archive, TOMORROW).status == 0
        assert len(posts_in(archive)) == len(site.codes)


@pytest.mark.parametrize("row", rows_of(Place.PAGE, blocking=True), ids=lambda row: row.name)
def test_pages_that_block_us_are_left_alone_and_whole_tomorrow(
    row: Row, archive: Path, tmp_path: Path
) -> None:
    site = Eastmoney(Place.PAGE, 2, tmp_path)
    (fault,) = site.strike(row, 0)
    with Replica(site.sites, faults=[fault]) as replica:
        ended = site.crawl(replica, archive, {"CONCURRENT_REQUESTS": 1})
        assert ended.status == 6, ended.log
        assert (fault.struck, f"UTC by {PAGE_HOST}: " in ended.log) == (1, True)
        assert "Traceback" not in ended.log
        assert len(posts_in(archive)) == len(site.codes) - 2
        replica.faults = []
        assert site.crawl(replica, archive, TOMORROW).status == 0
        assert len(posts_in(archive)) == len(site.codes)

"""A time that a source moves is an edit; the time of another source of the body is not."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from archive.integrity.verify import verify
from demo.article_api import ARTICLE_API_HOST
from demo.article_page import PAGE_HOST
from demo.articles import MIN_ARTICLES
from demo.exchange import Answer, Request, Site
from demo.replica import Replica
from demo.site import made_up_site
from tests.conftest import SHARE_HOSTS, Crawl
from tests.support.publishers import publishers, recorded
from tests.support.sample_site import rows

SITE = made_up_site(articles=MIN_ARTICLES)
LONG_AGO = ("-s", "FINEWS_FIRST_DAYS=36500")
ALL_ARE_DUE = ("FINEWS_REVISIT_DAYS=36500", "FINEWS_INTERVAL_SHARE=0", "FINEWS_REVISITS=1000")
AGAIN = tuple(word for setting in ALL_ARE_DUE for word in ("-s", setting))
EDITS = """
    SELECT body_source, edits ->> '$[0].before', edits ->> '$[0].after' FROM versions
    WHERE cause = 'edited' AND classes = '["published"]'
"""

#: How the three sources of bodies write times, and the minutes by which each is later than lists.
_FORMS = {
    **dict.fromkeys(SHARE_HOSTS, (rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "%Y-%m-%d %H:%M:%S", 3)),
    ARTICLE_API_HOST: (rb"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d", "%Y/%m/%d %H:%M:%S", 11),
    PAGE_HOST: (r"\d{4}年\d\d月\d\d日 \d\d:\d\d(?=</div>)".encode(), "%Y年%m月%d日 %H:%M", 7),
}


def shifted(host: str, site: Site, minutes: int) -> Site:
    """Return a site that states its times later."""
    pattern, form, own = _FORMS[host]

    def later(time: re.Match[bytes]) -> bytes:
        stated = datetime.strptime(time[0].decode(), form)  # noqa: DTZ007
        return f"{stated + timedelta(minutes=own + minutes):{form}}".encode()

    def answer(request: Request) -> Answer:
        good = site(request)
        return Answer(good.status, re.sub(pattern, later, good.body), good.headers)

    return answer


def shift(replica: Replica, minutes: int) -> None:
    replica.sites |= {host: shifted(host, SITE.sites[host], minutes) for host in _FORMS}


@pytest.fixture
def replica() -> Iterator[Replica]:
    with Replica(SITE.sites) as replica:
        yield replica


@pytest.mark.parametrize("first", ["finews", "eastmoney"])
def test_a_move_is_an_edit_and_another_source_is_none(
    crawl: Crawl, replica: Replica, archive: Path, first: str
) -> None:
    other = {"finews": "eastmoney", "eastmoney": "finews"}[first]
    shift(replica, 0)
    assert crawl(*LONG_AGO, spider=first).status == 0
    assert crawl(*LONG_AGO, *AGAIN, spider=other).status == 0
    assert rows(archive, "SELECT * FROM changes") == []

    shift(replica, 60)
    ended = crawl(*LONG_AGO, *AGAIN, spider=first)
    assert ended.status == 0, ended.log
    moves = rows(archive, EDITS)
    causes = dict(rows(archive, "SELECT cause, count(*) FROM versions GROUP BY cause"))
    assert causes["edited"] == len(moves)
    assert "corrected_in_list" not in causes
    for _, before, after in moves:
        moved = datetime.fromisoformat(after) - datetime.fromisoformat(before)
        assert moved == timedelta(hours=1)
    moving = {source for source, _, _ in moves}
    assert moving >= ({"share_api"} if first == "finews" else {"article_api", "article_page"})
    assert verify(archive).problems == []


def test_a_declared_source_moves_a_time(crawl: Crawl, replica: Replica, archive: Path) -> None:
    """A page that leaves out the seconds moves nothing."""
    stated = b"            2026-09-29 22:44:43"

    def changed(request: Request) -> Answer:
        answer = recorded(request)
        moved = request.path.endswith("4595080.html")
        again = b"2026-09-29 23:44" if moved else stated.removesuffix(b":43")
        return Answer(answer.status, answer.body.replace(stated, again), answer.headers)

    replica.sites = publishers()
    assert crawl(spider="nbd").status == 0
    replica.sites["www.nbd.com.cn"] = changed
    ended = crawl(*AGAIN, spider="nbd")
    assert "1 revised" in ended.output
    moved = ("page", "2026-09-29T22:44:43+08:00", "2026-09-29T23:44:00+08:00")
    assert rows(archive, EDITS) == [moved]

"""Another look compares like with like: it asks the source that the archived body is from."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from archive.integrity.verify import verify
from demo.article_api import ARTICLE_API_HOST
from demo.articles import MIN_ARTICLES
from demo.faults import Fault, status
from demo.replica import Replica
from demo.site import later, made_up_site
from tests.conftest import SHARE_HOSTS, Crawl, posts_in
from tests.support.sample_site import asked, rows

SITE = made_up_site(articles=MIN_ARTICLES)
LATER = later(SITE)
CORRECTED, WITHDRAWN = LATER.corrected.info_code, LATER.withdrawn.info_code
LONG_AGO = ("-s", "FINEWS_FIRST_DAYS=36500")
ALL_ARE_DUE = ("FINEWS_REVISIT_DAYS=36500", "FINEWS_INTERVAL_SHARE=0", "FINEWS_REVISITS=1000")
AGAIN = tuple(word for setting in ALL_ARE_DUE for word in ("-s", setting))


@pytest.fixture
def replica() -> Iterator[Replica]:
    with Replica(SITE.sites) as replica:
        yield replica


def sources_of(archive: Path) -> dict[str, str]:
    return dict(rows(archive, "SELECT info_code, body_source FROM posts"))


@pytest.mark.parametrize("share_hosts_are_dead", [False, True], ids=["alive", "dead"])
@pytest.mark.parametrize("spider", ["finews", "eastmoney"])
def test_what_came_from_eastmoney_is_looked_at_there(
    crawl: Crawl, replica: Replica, archive: Path, spider: str, *, share_hosts_are_dead: bool
) -> None:
    if share_hosts_are_dead:
        replica.faults = [Fault(host, failure=status(503)) for host in SHARE_HOSTS]
    assert crawl(*LONG_AGO, spider="eastmoney").status == 0
    before = sources_of(archive)
    assert before[CORRECTED] == before[WITHDRAWN] == "article_api"
    (withdrawn,) = (name for name in posts_in(archive) if WITHDRAWN in name)
    kept = posts_in(archive)[withdrawn]

    replica.sites = dict(LATER.site.sites)
    replica.requests.clear()
    began = datetime.now(UTC).replace(microsecond=0)
    ended = crawl(*LONG_AGO, *AGAIN, spider=spider)
    assert ended.status == 0, ended.log
    assert asked(replica, ARTICLE_API_HOST)
    after = sources_of(archive)
    assert after[CORRECTED] == after[WITHDRAWN] == "article_api"
    changes = rows(archive, f"SELECT what FROM changes WHERE info_code = '{CORRECTED}'")  # noqa: S608
    assert changes == [("figures",)]
    gone = rows(archive, "SELECT info_code, gone FROM posts WHERE gone IS NOT NULL")
    assert [code for code, _ in gone] == [WITHDRAWN]
    assert datetime.fromisoformat(gone[0][1]) >= began
    assert posts_in(archive)[withdrawn] == kept

    other = {"finews": "eastmoney", "eastmoney": "finews"}[spider]
    assert crawl(*LONG_AGO, *AGAIN, spider=other).status == 0
    assert rows(archive, "SELECT info_code, gone FROM posts WHERE gone IS NOT NULL") == gone
    assert verify(archive).problems == []

"""Counts always add up: in the stats, the printed lines and the row of `crawls`."""

import ast
import re
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from demo.faults import Fault, empty, garbage, redirect, reset, status
from demo.mirror import MIRROR_HOST
from demo.replica import Replica
from demo.site import MadeUpSite, made_up_site
from tests.faults import crawls
from tests.faults.crawls import LOOK_AT_ALL, Ended

FATES = ("added", "revised", "unchanged", "gone", "failed")
WAYS = (
    *(status(code) for code in (403, 404, 410, 500, 503)),
    *(garbage(), empty(), reset(), redirect("http://elsewhere.test/")),
)
LEAVE_NO_HOST_ALONE = {"FINEWS_BREAKER_SECONDS": 0, "FINEWS_BREAKER_MAX_SECONDS": 0}


def assert_counts_add_up(ended: Ended, archive: Path) -> dict[str, int]:
    with closing(sqlite3.connect(archive / "catalog.db")) as catalog:
        catalog.row_factory = sqlite3.Row
        row = catalog.execute("SELECT * FROM crawls ORDER BY id DESC LIMIT 1").fetchone()
    counts = {name: row[name] for name in ("found", *FATES)}
    assert counts["found"] == sum(counts[fate] for fate in FATES), (counts, ended.log)

    shown = ended.output.partition("finews: ")[2].partition(".")[0]
    said = {name: int(number) for number, name in re.findall(r"(\d+) (?:articles )?(\w+)", shown)}
    assert {name: said.get(name, 0) for name in counts} == counts

    dumped = ended.log.rpartition("Dumping Scrapy stats:\n")[2].partition("}")[0]
    stats = dict(re.findall(r"'article/(\w+)': (\d+)", dumped))
    assert {name: int(stats.get(name, 0)) for name in counts} == counts
    assert "'article/failed/lost'" not in dumped
    reasons = ast.literal_eval(row["reasons"])
    assert sum(reasons.values()) == counts["failed"]
    return counts


def strike(site: MadeUpSite, random: Random) -> list[Fault]:
    """Let some pages and some answers of the share API fail, each with another fault."""
    struck = random.sample(site.articles, k=len(site.articles) // 3)
    return [
        Fault(
            "*",
            re.compile(rf"{article.info_code.removeprefix('NW')}(\.html)?$"),
            failure=random.choice(WAYS),
            times=random.choice((None, None, 1, 2)),
        )
        for article in struck
    ]


@pytest.mark.parametrize("seed", range(6))
def test_a_crawl_that_meets_random_faults_adds_up(seed: int, tmp_path: Path) -> None:
    random = Random(seed)  # noqa: S311 (a test has to be repeatable)
    archive, site = tmp_path / "news", made_up_site(articles=60, seed=seed)
    day = max(article.published for article in site.articles) - timedelta(days=1)
    category = random.choice(site.articles).slug
    spider = ("finews", "-a", f"site=http://{MIRROR_HOST}/")
    arguments = ((), (f"category={category}",), (f"since={day.date()}",), ())
    with Replica(site.sites) as replica:
        for given in arguments:
            replica.faults = strike(site, random)
            call = (*spider, *(word for argument in given for word in ("-a", argument)))
            ended = crawls.crawl(replica, archive, call, LOOK_AT_ALL, LEAVE_NO_HOST_ALONE)
            assert_counts_add_up(ended, archive)
        replica.faults = strike(site, random)
        ended = crawls.crawl(replica, archive, ("eastmoney",), LOOK_AT_ALL, LEAVE_NO_HOST_ALONE)
        assert_counts_add_up(ended, archive)


def test_a_crawl_that_is_ended_early_adds_up(tmp_path: Path) -> None:
    archive, site = tmp_path / "news", made_up_site(articles=60)
    with Replica(site.sites) as replica:
        ended = crawls.crawl(
            replica,
            archive,
            ("finews", "-a", f"site=http://{MIRROR_HOST}/"),
            {"CLOSESPIDER_ITEMCOUNT": 7},
        )
    assert ended.status == 9
    assert assert_counts_add_up(ended, archive)["added"] >= 7

"""How crawls are judged by their stats."""

import pytest

from archive.catalog import History
from crawler.exit_status import Counts, ExitStatus, judge

ALL_WELL = {
    "finish_reason": "finished",
    "article/found": 20,
    "article/archived": 10,
    "article/unchanged": 10,
    "article/added": 10,
}


@pytest.mark.parametrize(
    ("stats", "status"),
    [
        ({}, ExitStatus.DONE),
        ({"article/failed": 1}, ExitStatus.DONE),
        ({"article/failed": 2}, ExitStatus.TOO_MANY_FAILURES),
        ({"article/failed": 2, "article/failed/layout": 2}, ExitStatus.LAYOUT_CHANGED),
        ({"list/failed": 1}, ExitStatus.SOURCE_UNREACHABLE),
        ({"article/found": 0, "list/failed": 2}, ExitStatus.SOURCE_UNREACHABLE),
        (
            {"article/found": 0, "list/failed": 2, "list/failed/layout": 2},
            ExitStatus.LAYOUT_CHANGED,
        ),
        (
            {"list/posts": 9, "list/failed": 2, "list/failed/layout": 2},
            ExitStatus.LAYOUT_CHANGED,
        ),
        (
            {"list/posts": 9, "list/failed": 2, "list/failed/layout": 1},
            ExitStatus.SOURCE_UNREACHABLE,
        ),
        ({"list/posts": 9, "entry/unreadable": 3}, ExitStatus.LAYOUT_CHANGED),
        ({"list/posts": 90, "entry/unreadable": 3}, ExitStatus.DONE),
        ({"article/found": 0, "article/archived": 0}, ExitStatus.LIST_EMPTY),
        (
            {"article/found": 0, "article/archived": 0, "list/unchanged": 2},
            ExitStatus.DONE,
        ),
        ({"archive/failed": 1}, ExitStatus.STORAGE_FAILED),
        ({"finish_reason": "storage_failed"}, ExitStatus.STORAGE_FAILED),
        ({"finish_reason": "shutdown"}, ExitStatus.INTERRUPTED),
        ({"finish_reason": "start_error"}, ExitStatus.ERROR),
        ({"spider_exceptions/KeyError": 1, "spider_exceptions/count": 1}, ExitStatus.ERROR),
    ],
)
def test_a_crawl_is_done_only_when_it_did_its_job(
    stats: dict[str, object], status: ExitStatus
) -> None:
    verdict = judge(ALL_WELL | stats, max_failed_share=0.1)
    assert verdict.status is status
    assert verdict.sentence.endswith(".")


@pytest.mark.parametrize(
    ("stats", "min_failures", "status"),
    [
        ({"article/failed": 2}, 3, ExitStatus.DONE),
        ({"article/failed": 3}, 3, ExitStatus.TOO_MANY_FAILURES),
        ({"article/failed": 2, "article/failed/blocked": 1}, 3, ExitStatus.TOO_MANY_FAILURES),
        ({"article/gone": 2, "article/gone/http_404": 2}, 3, ExitStatus.DONE),
        ({"article/gone": 4, "article/gone/http_410": 4}, 3, ExitStatus.TOO_MANY_FAILURES),
        ({"article/gone": 4}, 3, ExitStatus.DONE),  # of the archive
    ],
)
def test_few_failures_are_tolerated(
    stats: dict[str, object], min_failures: int, status: ExitStatus
) -> None:
    assert judge(ALL_WELL | stats, 0.1, min_failures=min_failures).status is status


def test_a_good_verdict_names_what_was_left_out() -> None:
    assert judge(ALL_WELL | {"entry/old": 3}, 0.1).sentence == (
        "All articles that the source names are archived; 3 older ones were left out, which "
        "since=DAY takes in."
    )


def test_a_good_verdict_names_what_is_not_as_it_should_be() -> None:
    stats = {
        "article/failed": 1,
        "article/stand_in": 7,
        "breaker/share/b.example": "status 503",
        "breaker/share/a.example": "its host has no address",
    }
    assert judge(ALL_WELL | stats, 0.1).sentence == (
        "All articles that the source names are archived but for 1 that failed; 7 bodies are "
        "stand-ins, because no share host answered (a.example: its host has no address; "
        "b.example: status 503)."
    )


def test_a_verdict_names_the_cause() -> None:
    refused = (
        "http://m/ was not requested: banned until 2026-11-22 00:10 UTC by m: it answered 403."
    )
    lists = {
        "article/found": 0,
        "list/failed": 3,
        "list/failed/http_403": 2,
        "list/failed/blocked": 1,
        "cause/list/http_403": "http://m/feed.xml answered with status 403.",
        "cause/list/blocked": refused,
    }
    assert (
        judge(ALL_WELL | lists, 0.1).sentence == f"No list of the source could be read: {refused}"
    )
    argument = {"argument/wrong": "There is no category vane at m; there are Vane."}
    verdict = judge(ALL_WELL | argument, 0.1)
    assert (verdict.status, verdict.sentence) == (2, argument["argument/wrong"])


def test_counts_are_read_from_the_stats() -> None:
    counts = Counts.of(ALL_WELL | {"article/revised": 1, "article/failed": 4, "article/gone": 2})
    assert counts == Counts(
        found=20,
        added=10,
        revised=1,
        unchanged=10,
        gone=2,
        failed=4,
        lists_unchanged=0,
        looked_at=0,
        asked=10,
        sent=0,
    )
    told = "20 articles found, 10 added, 10 unchanged, 4 failed, 1 revised, 2 gone"
    assert str(counts) == told
    assert counts.finished == 27


@pytest.mark.parametrize(
    ("history", "whole", "status"),
    [
        (History(usual_hour=40, last_hour=3), True, ExitStatus.LIST_EMPTY),
        (History(usual_hour=40, last_hour=4), True, ExitStatus.DONE),
        (History(usual_hour=40, last_hour=3), False, ExitStatus.DONE),
        (History(usual_hour=9, last_hour=0), True, ExitStatus.DONE),
        (History(), True, ExitStatus.DONE),
    ],
)
def test_far_less_than_usual_is_suspicious(
    history: History, whole: bool, status: ExitStatus
) -> None:
    assert judge(ALL_WELL, 0.1, history, whole=whole).status is status


def test_an_archive_that_usually_fails_more_is_judged_by_its_own_history() -> None:
    stats = ALL_WELL | {"article/failed": 3}
    assert judge(stats, 0.1).status is ExitStatus.TOO_MANY_FAILURES
    assert judge(stats, 0.1, History(usual_failures=0.2)).status is ExitStatus.DONE
    assert judge(stats, 0.1, History(usual_failures=0.1)).status is ExitStatus.TOO_MANY_FAILURES


@pytest.mark.parametrize(
    "stats",
    [
        {"finish_reason": "storage_failed", "archive/failed": 2, "cause/archive/failed": "Why."},
        {"list/failed": 1, "list/failed/bug": 1, "cause/list/bug": "Why."},
        {"picture/failed": 1, "picture/failed/bug": 1, "cause/picture/bug": "Why."},
        {"spider_exceptions/count": 1, "cause/crawler/bug": "Why."},
    ],
)
def test_a_failure_of_this_machine_is_named(stats: dict[str, object]) -> None:
    assert judge(ALL_WELL | stats, max_failed_share=0.1).sentence.endswith(": Why.")

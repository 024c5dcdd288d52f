"""One rule for all lists that lead on and on."""

from datetime import UTC, datetime, timedelta

from crawler.spiders.eastmoney import are_newest_first
from crawler.spiders.limits import ListLimits, ListProgress

NOW = datetime(2026, 11, 29, 10, tzinfo=UTC)
LIMITS = ListLimits(pages=4, time=timedelta(minutes=1), in_vain=2)


def read(*news: bool, seconds: int = 1) -> str | None:
    """What is said after pages that name something new, or nothing."""
    progress, now = ListProgress(), NOW
    for new in news:
        progress = progress.with_page(now, new=new)
        now += timedelta(seconds=seconds)
    return progress.exceeds(LIMITS, now)


def test_a_list_is_left_after_so_many_pages_so_long_and_so_many_in_vain() -> None:
    assert read(True, False, True) is None
    assert read(True, False, False) == "2 of its pages in a row name nothing new."
    assert str(read(True, True, False, True)).startswith(
        "it does not end after 4 pages; FINEWS_LIST_P"
    )
    assert str(read(True, True, seconds=30)).startswith(
        "it does not end in 60 seconds; FINEWS_LIST"
    )
    assert read(True, seconds=59) is None


def test_a_page_is_newest_first_though_a_few_are_pinned_or_back_dated() -> None:
    times = [NOW - timedelta(minutes=n) for n in range(50)]
    assert are_newest_first(times)
    assert are_newest_first([])
    assert are_newest_first([None, *times, None])
    assert are_newest_first([times[-1], *times])
    assert are_newest_first([*times[:20], times[45], *times[20:]])
    assert not are_newest_first(times[::-1])
    assert not are_newest_first([*times[::2], *times[1::2], *times[::3]][::-1])
    assert not are_newest_first(sorted(times, key=lambda time: time.minute % 7))

"""The order of revisits: within the limit, the same each time, and nobody waits for ever."""

import math
import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.archive import Archive
from archive.article_id import ArticleId
from archive.catalog import Catalog
from archive.revisits import Candidate, EditRates, RevisitedArticle, in_order, learn
from archive.revisits.edit_rates import POWERS
from bench.revisits import Given, crawl, simulate
from tests.support.articles import ARTICLE, Clock

GROUPS = st.tuples(st.sampled_from("ab"), st.sampled_from("cde"))
AGES = st.floats(0, 100)
RATES = st.builds(
    EditRates,
    base=st.floats(0.001, 10),
    groups=st.dictionaries(st.sampled_from("abcde"), st.floats(0.01, 100)),
    power=st.sampled_from(POWERS),
)
CANDIDATES = st.lists(st.tuples(GROUPS, AGES, AGES), max_size=30).map(
    lambda found: [
        Candidate(str(number), groups, min(ages), max(ages))
        for number, (groups, *ages) in enumerate(found)
    ]
)
REVISITED = st.lists(
    st.builds(
        lambda groups, ages, edits: RevisitedArticle(
            groups, min(ages), max(ages), sorted(min(ages) + part for part in edits)
        ),
        GROUPS,
        st.tuples(AGES, AGES),
        st.lists(st.floats(-1, 200), max_size=3),
    ),
    max_size=30,
)


@given(CANDIDATES, RATES, st.integers(0, 12))
def test_no_more_than_allowed_and_the_same_each_time(
    due: list[Candidate], rates: EditRates, limit: int
) -> None:
    found = in_order(due, rates, limit)
    assert len(found) == min(limit, len(due)) == len(set(found))
    assert set(found) <= {each.id for each in due}
    assert in_order(due, rates, limit) == found
    assert found[: math.ceil(limit / 10)] == [each.id for each in due[: math.ceil(limit / 10)]]


@given(CANDIDATES, RATES, st.integers(1, 12))
def test_no_article_waits_for_ever(due: list[Candidate], rates: EditRates, limit: int) -> None:
    """Each crawl revisits the one that has waited longest, whatever is believed of it."""
    waiting, crawls = [each.id for each in due], 0
    by_id = {each.id: each for each in due}
    revisited: set[str] = set()
    while revisited < by_id.keys():
        found = in_order([by_id[each] for each in waiting], rates, limit)
        revisited.update(found)
        waiting = [each for each in waiting if each not in found] + found
        crawls += 1
        assert crawls <= len(due)


@given(REVISITED)
def test_rates_are_positive_and_the_same_each_time(articles: list[RevisitedArticle]) -> None:
    rates = learn(articles)
    assert rates == learn(list(articles))
    for factor in (rates.base, *rates.groups.values()):
        assert 0 < factor < math.inf


@given(RATES, GROUPS, st.tuples(AGES, AGES, AGES).map(sorted))
def test_expected_edits_add_up(
    rates: EditRates, groups: Sequence[str], ages: tuple[float, float, float]
) -> None:
    first, middle, last = ages
    parts = rates.expected(groups, first, middle) + rates.expected(groups, middle, last)
    assert rates.expected(groups, first, last) == pytest.approx(parts)


def edited(groups: tuple[str, ...], number: int) -> list[RevisitedArticle]:
    """Return a hundred articles, of which so many were edited within two hours."""
    times = [(1.0 + one / number,) for one in range(number)] + [()] * (100 - number)
    return [RevisitedArticle(groups, 0.0, 72.0, time) for time in times]


def test_rates_of_groups_are_learnt_and_shrunk() -> None:
    often, seldom, once = ("media a",), ("media b",), ("media c",)
    few = [RevisitedArticle(once, 0.0, 72.0, (1.0,))]
    rates = learn([*edited(often, 50), *edited(seldom, 2), *few])
    assert 30 < rates.expected(often, 0, 72) * 100 < 60
    assert rates.expected(seldom, 0, 72) * 100 < 8
    assert rates.groups["media b"] < rates.groups["media c"] < rates.groups["media a"]
    assert rates.expected(often, 0, 8) > 4 * rates.expected(often, 8, 72)


def test_chance_teaches_nothing() -> None:
    chance = random.Random(1)  # noqa: S311
    articles = [
        RevisitedArticle((f"media {chance.randrange(20)}",), 0.0, 9.0, ((9.0,) * (one % 10 == 0)))
        for one in range(500)
    ]
    assert learn(articles) == EditRates()
    assert learn([]) == EditRates()


@pytest.mark.parametrize(("process", "least"), [("by_media", 1.4), ("even", 1.1)])
def test_a_planted_process(process: str, least: float) -> None:
    """The benchmark in short: what is learnt finds more; in ``even``, only by age."""
    given = Given(8 * 24, 10, 4)
    by_schedule, learnt = (
        simulate(process, order, given, 1, learnt_every=6) for order in ("fixed", "learnt")
    )
    assert learnt.edits >= least * by_schedule.edits


def test_crawls_find_what_the_simulation_finds() -> None:
    given = Given(11, 5, 2)
    assert crawl("by_media", "learnt", given, 1) == simulate("by_media", "learnt", given, 1)


@pytest.mark.parametrize(("power", "edited"), [(-0.5, (16, 16)), (1.0, (16, 160))])
def test_the_age_of_edits_is_learnt(power: float, edited: tuple[int, int]) -> None:
    """Of articles that were checked for longer, more were edited, or not."""
    articles = [
        RevisitedArticle((), 0.0, until, ((until,) if number < found else ()))
        for until, found in zip((5.0, 50.0), edited, strict=True)
        for number in range(200)
    ]
    assert learn(articles).power == power


def test_an_archive_learns_from_its_revisits(tmp_path: Path) -> None:
    clock = Clock()
    began = clock.now
    articles = [
        replace(
            ARTICLE,
            info_code=ArticleId(f"NW20261122{number:010d}"),
            published=began,
            media=("常改", "不改")[number % 2],
        )
        for number in range(60)
    ]
    with Archive(tmp_path, clock=lambda: clock.now) as archive:
        archive.add_many(articles)
        clock.now += timedelta(hours=2)
        for article in articles:
            archive.mark_checked(ArticleId(article.info_code))
        archive.add_many([replace(each, title="改") for each in articles if each.media == "常改"])
        later = [
            replace(each, info_code=ArticleId(f"NW20261123{number:010d}"), published=clock.now)
            for number, each in enumerate(articles[:20])
        ]
        archive.add_many(later)
        clock.now += timedelta(minutes=30)
        ways = {"share": 0.5, "days": 3.0, "limit": 10}
        by_schedule = [row.media for row in archive.due(**ways)]  # type: ignore[arg-type]
        chosen = [row.media for row in archive.due(**ways, learnt=True)]  # type: ignore[arg-type]
        assert (by_schedule.count("常改"), chosen.count("常改")) == (5, 10)
        everything = archive.due(share=0.5, days=3.0, limit=50, learnt=True)
        assert everything == archive.due(share=0.5, days=3.0, limit=50)
    with Catalog(tmp_path / "catalog.db") as catalog:
        queue = catalog.revisit_queues(clock.now, 3.0, 0.5)["eastmoney"]
    assert queue.articles == len(everything)
    assert 1 < queue.edits < queue.articles

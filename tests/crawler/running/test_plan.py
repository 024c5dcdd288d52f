"""Which sources can be crawled, which are due, and the verdict on all."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from scrapy.settings import Settings

from crawler.declarations.model import Manners
from crawler.exit_status import WORST_FIRST, ExitStatus, Verdict, worst_of
from crawler.running.plan import Source, due_sources, sources_of
from crawler.running.report import verdict_on_all
from crawler.sources import Sources
from crawler.spider_loader import DeclaredSpiderLoader
from tests.conftest import ROOT
from tests.crawler.declarations.recorded import SOURCES

NOW = datetime(2026, 11, 22, 12, 30, tzinfo=UTC)


def source(name: str, interval: str) -> Source:
    return Source(name, frozenset(), Manners(interval=interval))


def test_a_source_is_due_after_its_interval() -> None:
    sources = [source("a", "5 min"), source("b", "30 min"), source("c", "1 d")]
    last = {"a": NOW - timedelta(minutes=5), "b": NOW - timedelta(minutes=5)}
    assert [each.name for each in due_sources(sources, last, NOW)] == ["c", "a"]


def test_a_timer_that_is_a_little_early_does_not_skip_a_turn() -> None:
    last = {"a": NOW - timedelta(minutes=4, seconds=40)}
    assert due_sources([source("a", "5 min")], last, NOW)
    assert not due_sources([source("a", "5 min")], last, NOW - timedelta(minutes=1))


def test_sources_know_their_families_and_fallbacks() -> None:
    settings = Settings({"SPIDER_MODULES": ["crawler.spiders"], "FINEWS_DECLARATIONS": [SOURCES]})
    facts = Sources.load(ROOT / "settings" / "sources.toml")
    sources = sources_of(DeclaredSpiderLoader(settings), facts)
    assert sources["ths"].families == {"*.10jqka.com.cn", "news.10jqka.com.cn"}
    assert sources["eastmoney"].fallback == ("ths", "cls")
    assert sources["finews"].families & sources["eastmoney"].families
    assert not sources["ths"].families & sources["cls"].families
    assert sources["people"].manners.interval == "30 min"
    assert sources["finews"].manners == Manners()


def test_every_status_has_its_place() -> None:
    assert set(WORST_FIRST) == set(ExitStatus)
    assert WORST_FIRST[-1] is ExitStatus.DONE


@given(st.lists(st.sampled_from(ExitStatus)))
def test_the_worst_status_is_that_of_all(statuses: list[ExitStatus]) -> None:
    worst = worst_of(statuses)
    assert worst in (statuses or [ExitStatus.DONE])
    assert all(WORST_FIRST.index(worst) <= WORST_FIRST.index(each) for each in statuses)
    verdict = verdict_on_all({str(n): Verdict(each, "") for n, each in enumerate(statuses)})
    assert verdict.status is worst


def test_the_verdict_on_all_names_those_that_failed() -> None:
    done, refused = Verdict(ExitStatus.DONE, ""), Verdict(ExitStatus.SOURCE_UNREACHABLE, "")
    assert verdict_on_all({"a": done}).sentence == "1 of 1 source gave all their news."
    verdict = verdict_on_all({"a": done, "b": refused, "c": refused})
    assert verdict.sentence == "1 of 3 sources gave all their news; b, c did not."

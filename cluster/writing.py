"""The writer's tasks: write batches into the archive, and answer requests of new crawls."""

import logging
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from celery import Celery

from archive.archive import Archive
from archive.article import Article
from archive.article_id import ArticleId
from archive.capture import Capture
from archive.catalog import PostRow
from archive.clock import Clock, utc_now
from archive.errors import ArchiveError, InvalidArticle, Refused
from archive.storage import Closing
from archive.warc import Exchange
from archive.writing import Outcome
from cluster.app import Plain
from cluster.batch_log import BatchLog
from cluster.messages import ARCHIVED, Archived, Batch, Brief, CrawlEnd, JobEnd
from cluster.schedule import JobTable
from crawler.archive_port import note
from crawler.exit_status import ExitStatus
from crawler.listed_facts import ListedEntry, ListedFacts
from crawler.pipelines.store import add_each

logger = logging.getLogger(__name__)

#: Number of ids in one answer; they have about 3 MB.
_MAX_IDS = 100_000

#: Number of pictures in one answer.
_MAX_PICTURES = 10_000

#: Errors of SQLite for values that it cannot store, however often it is tried.
_WRONG_VALUES = (sqlite3.ProgrammingError, sqlite3.InterfaceError, sqlite3.IntegrityError)

#: Seconds between two attempts to write a batch.
_PAUSE_SECONDS = 5


class BatchWriter(Closing):
    """Writes the batches of a whole cluster into its archive.

    :raises ArchiveLocked: when another process has it open.
    :raises ArchiveError: here and from every method, when the archive cannot be read or written.
    """

    def __init__(self, folder: Path, *, clock: Clock = utc_now) -> None:
        self._clock = clock
        self._archive = Archive(folder, clock=clock)
        self._received = BatchLog(folder / "cluster.db")
        self._jobs = JobTable(folder / "cluster.db")

    def close(self) -> None:
        """Close the archive."""
        self._received.close()
        self._archive.close()

    def write(self, text: str) -> None:
        """Write a batch; a batch that was written before changes nothing."""
        batch = Batch.model_validate_json(text)
        crawl, number = batch.crawl, batch.number
        if self._received.has(crawl, number):
            return
        if begin := batch.begin:
            own = self._archive.begin_crawl(begin.spider, begin.arguments)
            self._received.begin(crawl, own, self._clock())
        captures = self._capture(crawl, batch.exchanges)
        outcomes = self._add(crawl, captures, batch.articles)
        for event in batch.events:
            if self._archive.has(event.info_code):
                note(self._archive, event)
        for address, data in batch.pictures:
            self._archive.store_picture(address, data)
        end = batch.end
        if batch.memory:
            whole = end is None or self._received.outcomes(crawl)[0] == end.batches
            self._learn(crawl, batch.memory, whole=whole)
        if end:
            self._end(crawl, end)
        self._received.put(crawl, number, outcomes, captures)
        if end:
            self._received.end(crawl)

    def _capture(self, crawl: str, exchanges: Sequence[tuple[int, Exchange]]) -> dict[int, Capture]:
        captures = self._received.captures(crawl, (offset for offset, _ in exchanges))
        for offset, exchange in exchanges:
            if offset not in captures:
                captures[offset] = self._archive.capture(exchange)
        return captures

    def _add(
        self, crawl: str, captures: dict[int, Capture], articles: Iterable[Article]
    ) -> Counter[str]:
        outcomes: Counter[str] = Counter()
        placed = [
            replace(article, captures=_placed(article.captures, crawl, captures))
            for article in articles
        ]
        for article, outcome in zip(placed, add_each(self._archive.add_many, placed), strict=True):
            if isinstance(outcome, Refused):
                logger.warning("%s", outcome)
                outcomes["refused"] += 1
            else:
                self._archive.crawl_state.archived(article.info_code, article.edition)
                outcomes[outcome] += 1
        return outcomes

    def _learn(self, crawl: str, memory: Plain, *, whole: bool) -> None:
        """Store a crawl's facts about hosts, lists and failures.

        :param whole: whether all batches are written. Until then the validators of lists are left
            out: with them, later crawls would not read these lists, whose articles may be missing.
        """
        rows = dict(memory)
        if not whole:
            rows.pop("validators", None)
        rows["failures"] = [
            self._with_listed_places(crawl, row)
            for row in rows.get("failures", ())
            if not self._archive.has(ArticleId(row["info_code"]))
        ]
        self._archive.crawl_state.merge(rows)

    def _with_listed_places(self, crawl: str, failure: Plain) -> Plain:
        """Return a failure whose list has the captures of this archive instead of the worker's."""
        told = failure.get("told") or ""
        listed = ListedFacts.of_json(told) or ListedEntry.of_json(told)
        if listed is None:
            return failure
        offsets = [capture.offset for capture in listed.captures if capture.file == crawl]
        captures = self._received.captures(crawl, offsets)
        return failure | {"told": listed.as_json(lambda given: _placed(given, crawl, captures))}

    def _end(self, crawl: str, end: CrawlEnd) -> None:
        own = self._received.number_of(crawl)
        if own is None:
            return
        written, outcomes = self._received.outcomes(crawl)
        status, verdict = end.status, end.verdict
        counts: dict[str, Any] = dict(end.counts)
        counts["unchanged"] += outcomes[Outcome.UNCHANGED]
        counts["failed"] += outcomes["refused"]
        counts |= {name: outcomes[name] for name in (Outcome.ADDED, Outcome.REVISED)}
        if missing := end.batches - written:
            status = ExitStatus.STORAGE_FAILED
            verdict = f"{missing} batches of the crawl did not reach the archive."
        self._archive.end_crawl(own, status, verdict, counts)

    def brief(
        self,
        hosts: list[str],
        spider: str,
        arguments: dict[str, str],
        due: Plain,
        run: str | None = None,
    ) -> Plain | None:
        """Return the `Brief` of a new crawl; None where its run has ended, or was cancelled.

        :param due: arguments of `Archive.due`.
        :param run: run of a job that the crawl belongs to.
        """
        if run is not None and not self._jobs.is_current(run):
            return None
        return Brief(
            archive=self._received.identity,
            completed=self._archive.completed(spider, arguments),
            due=self._due(hosts, due),
            stand_ins=list(self._archive.stand_ins(due["days"])),
            categories=self._archive.categories(),
            memory=self._archive.crawl_state.rows_of_hosts(hosts),
            usual_failures=self._archive.history().usual_failures,
            names=list(self._archive.lexicon()),
        ).model_dump(mode="json", warnings=False)  # a row has 0 and 1 for False and True

    def _due(self, hosts: list[str], due: Plain) -> list[Archived]:
        found = []
        for row in self._archive.due(**due, hosts=hosts):
            try:
                found.append(self._with_editions(row))
            except (ArchiveError, InvalidArticle) as error:
                logger.warning("%s is not fetched again: %s", row.info_code, error)
                self._archive.mark_checked(ArticleId(row.info_code))
        return found

    def _with_editions(self, row: PostRow) -> Archived:
        # Without the text, because the article has the body.
        return replace(row, text=""), list(self._archive.editions_of(ArticleId(row.info_code)))

    def article(self, info_code: str) -> Any:
        """Return an archived article as plain data; None when it is not archived."""
        row = self._archive.row_of(ArticleId(info_code))
        return (
            ARCHIVED.dump_python(self._with_editions(row), mode="json", warnings=False)
            if row
            else None
        )

    def seen_after(
        self, first_seen: str, info_code: str, path: str
    ) -> list[tuple[str, str, str, str | None]]:
        """Return the archived posts that follow a post, in the order of their first-seen times."""
        return self._archive.seen_after(first_seen, info_code, path, _MAX_IDS)

    def missing_pictures(self, hosts: list[str]) -> list[tuple[str, str]]:
        """Return the newest pictures at some hosts that are not stored, with their articles."""
        return list(islice(self._archive.missing_pictures(hosts), _MAX_PICTURES))

    def job_ended(self, text: str) -> None:
        """Record how a job ended."""
        self._jobs.end(JobEnd.model_validate_json(text), self._clock())


def _placed(
    given: Iterable[Capture], crawl: str, captures: dict[int, Capture]
) -> tuple[Capture, ...]:
    return tuple(
        captures[capture.offset] if capture.file == crawl else capture for capture in given
    )


def add_tasks(app: Celery, writer: Callable[[], BatchWriter]) -> None:
    """Register the tasks for the queue `ARCHIVE`.

    :param writer: opens the archive where that has not been done.
    """

    def add_command(name: str, do: Callable[[BatchWriter, str], None]) -> None:
        def run(text: str) -> None:
            while True:
                try:
                    do(writer(), text)
                    return
                except ArchiveError as error:
                    if isinstance(error.__cause__, _WRONG_VALUES):
                        raise
                    logger.error("The archive cannot be written, so all batches wait: %s", error)
                    time.sleep(_PAUSE_SECONDS)

        decorate: Any = app.task(name=name)
        decorate(run)

    def add_query(name: str, do: Callable[..., Any]) -> None:
        def run(**arguments: Any) -> Any:
            return do(writer(), **arguments)

        decorate: Any = app.task(name=name, ignore_result=False, acks_on_failure_or_timeout=True)
        decorate(run)

    add_command("finews.write", BatchWriter.write)
    add_command("finews.ended", BatchWriter.job_ended)
    add_query("finews.brief", BatchWriter.brief)
    add_query("finews.article", BatchWriter.article)
    add_query("finews.seen_after", BatchWriter.seen_after)
    add_query("finews.missing_pictures", BatchWriter.missing_pictures)
    add_query("finews.ping", lambda _: None)

"""The writer's tasks: write batches into the archive, and answer requests of new crawls."""

import logging
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from celery import Celery, Task
from celery.exceptions import Reject

from archive.archive import Archive
from archive.article import Article
from archive.article_id import ArticleId
from archive.capture import Capture
from archive.catalog import PostRow
from archive.clock import Clock, utc_now
from archive.errors import ArchiveError, InvalidArticle, Refused
from archive.storage import Closing
from archive.writing import Outcome
from cluster.app import ASIDE
from cluster.batch_log import BatchLog
from cluster.rpc import answer
from cluster.serialisation import Plain, article_of, event_of, exchange_of, plain_article
from crawler.archive_port import note
from crawler.exit_status import ExitStatus
from crawler.listed_facts import ListedFacts
from crawler.pipelines.store import add_each

logger = logging.getLogger(__name__)

#: Number of ids in one answer; they have about 3 MB.
_MAX_IDS = 100_000

#: Counts that `Archive.end_crawl` accepts; workers of a newer release may send more.
_COUNTS = {
    *("found", "asked", "added", "revised", "unchanged", "gone", "failed"),
    *("complete", "reasons", "hosts"),
}

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

    def close(self) -> None:
        """Close the archive."""
        self._received.close()
        self._archive.close()

    def write(self, batch: Plain) -> None:
        """Write a batch; a batch that was written before changes nothing."""
        crawl, number = batch["crawl"], batch["number"]
        if self._received.has(crawl, number):
            return
        if begin := batch.get("begin"):
            own = self._archive.begin_crawl(begin["spider"], begin["arguments"])
            self._received.begin(crawl, own, begin["spider"], self._clock())
        outcomes: Counter[str] = Counter()
        captures = self._capture(crawl, batch.get("exchanges", ()))
        outcomes.update(self._add(crawl, captures, batch.get("articles", ())))
        for code, found in batch.get("looks", ()):
            if self._archive.has(ArticleId(code)):
                note(self._archive, event_of(ArticleId(code), found))
        end = batch.get("end")
        if memory := batch.get("memory"):
            whole = end is None or self._received.outcomes(crawl)[0] == end["batches"]
            self._learn(crawl, memory, whole=whole)
        if end:
            self._end(crawl, end)
        self._received.put(crawl, number, outcomes, captures)
        if end:
            self._received.end(crawl, self._clock())

    def _capture(self, crawl: str, exchanges: Sequence[tuple[int, bytes]]) -> dict[int, Capture]:
        captures = self._received.captures(crawl, (offset for offset, _ in exchanges))
        for offset, packed in exchanges:
            if offset not in captures:
                captures[offset] = self._archive.capture(exchange_of(packed))
        return captures

    def _add(
        self, crawl: str, captures: dict[int, Capture], articles: Iterable[Plain]
    ) -> Counter[str]:
        outcomes: Counter[str] = Counter()
        valid = []
        for facts in articles:
            try:
                valid.append(_with_places(article_of(facts), crawl, captures))
            except Refused as error:
                logger.warning("%s", error)
                outcomes["refused"] += 1
        for article, outcome in zip(valid, add_each(self._archive.add_many, valid), strict=True):
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
        listed = ListedFacts.of_json(failure["told"]) if failure.get("told") else None
        if listed is None:
            return failure
        offsets = [capture.offset for capture in listed.captures if capture.file == crawl]
        captures = self._received.captures(crawl, offsets)
        return failure | {"told": listed.as_json(lambda given: _placed(given, crawl, captures))}

    def _end(self, crawl: str, end: Plain) -> None:
        own = self._received.number_of(crawl)
        if own is None:
            return
        written, outcomes = self._received.outcomes(crawl)
        status, verdict = end["status"], end["verdict"]
        counts = {name: count for name, count in end["counts"].items() if name in _COUNTS}
        counts["unchanged"] += outcomes[Outcome.UNCHANGED]
        counts["failed"] += outcomes["refused"]
        counts |= {name: outcomes[name] for name in (Outcome.ADDED, Outcome.REVISED)}
        if missing := end["batches"] - written:
            status = ExitStatus.STORAGE_FAILED
            verdict = f"{missing} batches of the crawl did not reach the archive."
        self._archive.end_crawl(own, status, verdict, counts)

    def brief(self, hosts: list[str], spider: str, arguments: dict[str, str], due: Plain) -> Plain:
        """Return the facts that a new crawl of some hosts needs.

        :param due: arguments of `Archive.due`.
        """
        completed = self._archive.completed(spider, arguments)
        stand_ins = self._archive.stand_ins(due["days"])
        return {
            "completed": completed.isoformat() if completed else None,
            "stand_ins": [(code, edition, asdict(body)) for code, edition, body in stand_ins],
            "archive": self._received.identity,
            "categories": self._archive.categories(),
            "memory": self._archive.crawl_state.rows_of_hosts(hosts),
            "due": self._due(hosts, due),
            "usual_failures": self._archive.history().usual_failures,
        }

    def _due(self, hosts: list[str], due: Plain) -> list[tuple[Plain, list[Plain]]]:
        found = []
        for row in self._archive.due(**due, hosts=hosts):
            try:
                found.append(self._with_editions(row))
            except (ArchiveError, InvalidArticle) as error:
                logger.warning("%s is not fetched again: %s", row.info_code, error)
                self._archive.mark_checked(ArticleId(row.info_code))
        return found

    def _with_editions(self, row: PostRow) -> tuple[Plain, list[Plain]]:
        # Without the text, because the article has the body.
        editions = self._archive.editions_of(ArticleId(row.info_code))
        return asdict(replace(row, text="")), list(map(plain_article, editions))

    def article(self, info_code: str) -> tuple[Plain, list[Plain]] | None:
        """Return the row of an article, and its editions; None when it is not archived."""
        row = self._archive.row_of(ArticleId(info_code))
        return self._with_editions(row) if row else None

    def seen_after(
        self, first_seen: str, info_code: str, path: str
    ) -> list[tuple[str, str, str, str | None]]:
        """Return the archived posts that follow a post, in the order of their first-seen times."""
        return self._archive.seen_after(first_seen, info_code, path, _MAX_IDS)

    def job_ended(self, name: str, status: int, sentence: str) -> None:
        """Record how a job ended."""
        self._received.job_ended(name, status, sentence, self._clock())

    def figures(self) -> Plain:
        """Return the last result of each job."""
        return {"jobs": [asdict(job) for job in self._received.jobs()]}


def _with_places(article: Article, crawl: str, captures: dict[int, Capture]) -> Article:
    return replace(article, captures=_placed(article.captures, crawl, captures))


def _placed(
    given: Iterable[Capture], crawl: str, captures: dict[int, Capture]
) -> tuple[Capture, ...]:
    return tuple(
        captures[capture.offset] if capture.file == crawl else capture for capture in given
    )


def add_tasks(app: Celery, writer: BatchWriter) -> None:
    """Register the tasks for the queue `ARCHIVE`."""

    def set_aside(
        self: "Task[Any, Any]", exc: Exception, task_id: str, args: Any, kwargs: Any, einfo: Any
    ) -> None:
        """Move a message that the writer cannot process to the queue `ASIDE`."""
        app.send_task(self.name, args=args, kwargs=kwargs, queue=ASIDE, retry=True)

    def add_command(name: str, do: Callable[..., object]) -> None:
        def run(*args: Any, **kwargs: Any) -> None:
            try:
                do(*args, **kwargs)
            except ArchiveError as error:
                if isinstance(error.__cause__, _WRONG_VALUES):
                    raise
                logger.error("The archive cannot be written, so all batches wait: %s", error)
                time.sleep(_PAUSE_SECONDS)
                raise Reject(error, requeue=True) from error

        decorate: Any = app.task(name=name, on_failure=set_aside)
        decorate(run)

    def add_query(name: str, do: Callable[..., Any]) -> None:
        def run(answer_to: str, **arguments: Any) -> None:
            answer(app, answer_to, do(**arguments))

        decorate: Any = app.task(name=name)
        decorate(run)

    add_command("finews.write", writer.write)
    add_command("finews.ended", writer.job_ended)
    add_query("finews.brief", writer.brief)
    add_query("finews.article", writer.article)
    add_query("finews.seen_after", writer.seen_after)
    add_query("finews.figures", writer.figures)

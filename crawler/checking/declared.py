"""Checks declared sources: each list and one article, compared with the declaration."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from scrapy.http import Response

from crawler.checking.answers import Answers, CheckedAnswer, not_asked
from crawler.checking.comparison import (
    Finding,
    Result,
    other_title,
    refused,
    shown,
    silent,
    too_old,
)
from crawler.checking.facts import Deviation, Mark, quoted
from crawler.declarations import (
    AnswerError,
    Declaration,
    Entry,
    ListAnswer,
    RefusedAnswer,
    read_article,
    read_list,
)
from crawler.declarations.addresses import is_own
from crawler.declarations.formats import FIELDS, Format
from crawler.declarations.lists import UNREADABLE
from crawler.declarations.model import Layout, ListTable, Seen
from crawler.declarations.places import list_at
from crawler.declarations.values import Fields
from crawler.declared_answers import answer_of
from crawler.declared_requests import request_article, request_list
from crawler.extraction.fallback import read_or_extract
from crawler.visiting import Visit, Visitor

#: The greatest age of the newest entry of a list.
_NEWEST = timedelta(days=7)
#: Fields that a list of a standard format is expected to have, apart from those declared.
_NEEDED = ("address", "title", "published")
#: Fields that give something in at least one entry. Others are rare: a list without them is right.
_EXPECTED = ("id", *_NEEDED, "body")
_ARTICLE = "article"


def visit_of_declared(declaration: Declaration) -> Visit[Answers]:
    """Return the visit that requests each list of a declared source and one article."""
    return Visit(
        run=lambda visitor: _request_each(visitor, declaration),
        hosts=declaration.hosts,
        settings={"DOWNLOAD_DELAY": declaration.manners.delay},
    )


async def _request_each(visitor: Visitor, declaration: Declaration) -> Answers:
    lists = await asyncio.gather(
        *(_request_list(visitor, declaration, name) for name in declaration.lists)
    )
    answers = [answer for of_list in lists for answer in of_list]
    if declaration.articles or not all(table.whole for table in declaration.lists.values()):
        answers.append(await _request_article(visitor, declaration, answers))
    return Answers.of(declaration.name, answers, visitor.robots)


async def _request_list(
    visitor: Visitor, declaration: Declaration, name: str
) -> list[CheckedAnswer]:
    """Request a list; where it is an index of sitemaps, the newest of them, too."""
    answers = []
    address = None
    for _ in range(2):
        reply = await request_list(visitor, declaration, name, address=address)
        answers.append(CheckedAnswer.of(reply, interface=f"lists.{name}"))
        page = _page(declaration, name, answers[-1])
        if page is None or not page.sitemaps:
            break
        address = page.sitemaps[0]
    return answers


def _page(declaration: Declaration, name: str, answer: CheckedAnswer) -> ListAnswer | None:
    if answer.response is None:
        return None
    try:
        return read_list(declaration, name, answer_of(answer.response, answer.received))
    except AnswerError:
        return None


async def _request_article(
    visitor: Visitor, declaration: Declaration, lists: Sequence[CheckedAnswer]
) -> CheckedAnswer:
    """Request the first article that a list names."""
    for entry in _named(declaration, lists):
        reply = await request_article(visitor, declaration, entry)
        if reply is not None:
            return CheckedAnswer.of(reply, interface=_ARTICLE, title=entry.title)
    return not_asked(_ARTICLE)


def _named(declaration: Declaration, lists: Sequence[CheckedAnswer]) -> Iterator[Entry]:
    """Yield the entries that name articles, those of lists without whole articles first."""
    named = [(answer.interface.removeprefix("lists."), answer) for answer in lists]
    for name, answer in sorted(named, key=lambda one: declaration.lists[one[0]].whole):
        if page := _page(declaration, name, answer):
            yield from (entry for entry in page.entries if entry.skip is None)


def compare_declared(declaration: Declaration, answer: CheckedAnswer) -> Finding:
    """Compare the answer of a declared source with its declaration."""
    name = list_at(declaration, answer.address) if answer.address else None
    seen = declaration.lists[name].seen if name else _seen_of_articles(declaration)
    comparison = _DeclaredComparison(declaration, answer, Mark.A if seen.first_hand else Mark.C)
    return comparison.of_list(name) if name else comparison.of_article()


def _seen_of_articles(declaration: Declaration) -> Seen:
    return next(iter((*declaration.articles.values(), *declaration.lists.values()))).seen


@dataclass(frozen=True, slots=True)
class _DeclaredComparison:
    """An answer, and the declaration of its source.

    :param mark: the certainty of the part of the declaration that describes it.
    """

    declaration: Declaration
    answer: CheckedAnswer
    mark: Mark

    def of_list(self, name: str) -> Finding:
        """Compare the answer with a list of the declaration."""

        def compare(response: Response) -> tuple[str, list[Deviation]]:
            page = read_list(self.declaration, name, answer_of(response, self.answer.received))
            entries = [entry for entry in page.entries if entry.skip is None]
            age = self._age(entries)
            deviations = [*self._list(self.declaration.lists[name], page, entries)]
            deviations += too_old(age, _NEWEST, self.mark)
            return shown(response, age, len(page.entries)), deviations

        return self._finding(compare)

    def of_article(self) -> Finding:
        """Compare the answer with the layouts of articles."""

        def compare(response: Response) -> tuple[str, list[Deviation]]:
            return shown(response), [*self._article(response)]

        return self._finding(compare)

    def _finding(self, compare: Callable[[Response], tuple[str, list[Deviation]]]) -> Finding:
        response = self.answer.response
        if response is None:
            return silent(self.answer, self.mark)
        seen = shown(response)
        if refusal := refused(response):
            return self._refusal(seen, f"it refused with {refusal}")
        if response.status != HTTPStatus.OK:
            status = Deviation(f"it answered with status {response.status}", self.mark)
            return Finding(self.answer, Result.DEVIATES, seen, (status,))
        try:
            seen, deviations = compare(response)
        except RefusedAnswer as error:
            return self._refusal(seen, error.what)
        except AnswerError as error:
            deviations = [Deviation(quoted(error.what, 200), self.mark)]
        result = Result.DEVIATES if deviations else Result.EXPECTED
        return Finding(self.answer, result, seen, tuple(deviations))

    def _refusal(self, seen: str, sentence: str) -> Finding:
        deviation = Deviation(quoted(sentence, 200), self.mark)
        return Finding(self.answer, Result.REFUSED, seen, (deviation,))

    def _list(
        self, table: ListTable, page: ListAnswer, entries: Sequence[Entry]
    ) -> Iterator[Deviation]:
        if page.sitemaps:
            return
        unread = [one.skip for one in page.entries if one.skip and one.skip.startswith(UNREADABLE)]
        if unread:
            yield self._deviation(
                f"{len(unread)} of {len(page.entries)} entries are not as declared; in the first,"
                f" {quoted(unread[0].removeprefix(UNREADABLE), 120)}"
            )
        if not entries:
            yield self._deviation("it names no article")
            return
        for name in _declared(table, entries):
            yield self._deviation(f"`fields.{name}` gives nothing in its {len(entries)} entries")
        times = [entry.published.time for entry in entries if entry.published]
        if table.newest_first and times != sorted(times, reverse=True):
            yield self._deviation("its entries are not in order of time")
        others = {
            urlsplit(entry.address).hostname or ""
            for entry in entries
            if entry.address and not is_own(self.declaration, entry.address)
        }
        if others and not table.whole:
            yield self._deviation(
                f"`hosts` lacks {quoted(', '.join(sorted(others)), 120)}, to which entries lead"
            )
        if table.paging and table.paging.next and page.next is None:
            yield self._deviation("`paging.next` gives nothing")

    def _article(self, response: Response) -> Iterator[Deviation]:
        answer = answer_of(response, self.answer.received)
        if self.declaration.articles:
            try:
                facts = read_article(self.declaration, answer)
            except RefusedAnswer:
                raise
            except AnswerError as error:
                facts = read_or_extract(self.declaration, answer)
                yield self._deviation(f"extraction reads it alone: {quoted(error.what, 160)}")
        else:
            facts = read_or_extract(self.declaration, answer)
        layout = self.declaration.articles.get(facts.layout)
        for name in ("title", "published", "media"):
            if _is_expected(name, layout) and not getattr(facts, name):
                yield self._deviation(f"no {name} could be read")
        yield from other_title(facts.title, self.answer.title, self.mark)

    def _deviation(self, sentence: str) -> Deviation:
        return Deviation(sentence, self.mark)

    def _age(self, entries: Sequence[Entry]) -> timedelta | None:
        """Return the age of the newest entry; None where that is not known."""
        times = [entry.published.time for entry in entries if entry.published]
        received = self.answer.received
        return received - max(times) if times and received else None


def _is_expected(name: str, layout: Layout | None) -> bool:
    """Report whether an article has a field: by its layout; an extracted one, title and time."""
    return bool(getattr(layout.fields, name)) if layout else name in {"title", "published"}


def _declared(table: ListTable, entries: Sequence[Entry]) -> Iterator[str]:
    """Yield the fields that a list declares, and that none of its entries has."""
    standard = Fields.model_validate(FIELDS.get(table.format, {}))
    needed = [one for one in _NEEDED if one != "title" or table.format is not Format.SITEMAP]
    for name in _EXPECTED:
        declared: Any = getattr(table.fields, name)
        is_own = declared != getattr(standard, name) or name in needed
        if declared and is_own and not any(getattr(entry, name) for entry in entries):
            yield name

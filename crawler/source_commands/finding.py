"""Find what describes a source: its lists, and pages of their articles."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from urllib.parse import urlsplit

from crawler.declarations import Answer, Entry
from crawler.declarations.answers import document_in, text_of
from crawler.declarations.formats import Format
from crawler.declarations.lists import sitemaps_in
from crawler.declarations.paths import PathError
from crawler.declarations.times import TimeUnit
from crawler.declared_answers import answer_of
from crawler.discovery import (
    Proposal,
    feeds_in,
    page_layout,
    propose,
    sitemaps_named_in,
    without_repeated,
)
from crawler.importing.saved_files import lists_in, page_of, read_file
from crawler.samples import Sample, doubts, sample_of
from crawler.visiting import NoAnswer, Visitor

_ARTICLES = 5
_MOST_FEEDS, _MOST_SITEMAPS = 3, 2
#: The bytes of an answer in which a page shows that it is HTML.
_BEGINNING = 4_096


@dataclass(frozen=True, slots=True)
class FoundSource:
    """The proposed declaration of a source, and samples of its articles.

    :param samples: with the answers that they were read from; None for those that the list holds.
    """

    proposal: Proposal
    samples: tuple[tuple[Sample, Answer | None], ...]

    @property
    def doubts(self) -> list[str]:
        """What is unsure, as sentences."""
        return doubts(self.proposal.page, [sample for sample, _ in self.samples])

    @property
    def rank(self) -> tuple[int, int]:
        """How good it is: with times to the minute where a page has them, and with few doubts."""
        times = [sample.published for sample, _ in self.samples if sample.published]
        return sum(one.precision is not TimeUnit.DAY for one in times), -len(self.doubts)

    @property
    def answers(self) -> dict[str, Answer]:
        """Every answer, by the name of what it is."""
        lists = {f"lists.{name}": answer for name, answer in self.proposal.answers.items()}
        pages = [answer for _, answer in self.samples if answer is not None]
        return lists | {f"article-{number}": page for number, page in enumerate(pages, 1)}


async def find(
    visitor: Visitor, name: str, address: str, examples: Sequence[str] = ()
) -> FoundSource:
    """Request an address, the lists to which it leads, and some articles of them.

    :param name: of the source.
    :param examples: addresses of articles, which show those of others that a list names by id.
    :raises NoAnswer: when the address gives no answer.
    :raises NothingFound: when there is no list.
    """
    given = await _answer(visitor, address)
    lists = await _lists(visitor, given)
    proposal = propose(name, lists, [await _answer(visitor, one) for one in examples])
    if proposal.declaration.lists["news"].whole:
        return _found(proposal, [])
    pages: list[tuple[Entry, Answer | NoAnswer]] = []
    for entry in proposal.entries[:_ARTICLES]:
        if entry.address:
            try:
                pages.append((entry, await _answer(visitor, entry.address)))
            except NoAnswer as error:
                pages.append((entry, error))
    answers = [page for _, page in pages if isinstance(page, Answer)]
    return _found(propose(name, lists, answers), pages)


def find_in_files(name: str, address: str, files: Sequence[str], most_bytes: int) -> FoundSource:
    """Find the same in saved files: a list, and then pages of its articles.

    :param address: of the list.
    :param files: paths, each alone or as FILE=ADDRESS.
    :param most_bytes: of a file.
    :raises UnreadableFile: when a file cannot be read.
    :raises UnknownAddress: when nothing shows where a page came from.
    :raises NothingFound: when the first file holds no list.
    """
    first, *others = (read_file(file, address, most_bytes) for file in files)
    answer = first.answer
    sure = [file.answer for file in others if file.is_sure]
    listed = propose(name, [answer], sure)
    lists = lists_in(listed.declaration, others, listed.entries)
    entries = [*listed.entries, *lists.entries]
    pages = [page_of(file, entries) for file in lists.others]
    proposal = propose(name, [answer], pages)
    by_address = {entry.address: entry for entry in (*lists.entries, *proposal.entries)}
    return _found(
        proposal,
        [
            (by_address.get(page.address) or Entry(id=None, address=page.address), page)
            for page in pages[:_ARTICLES]
        ],
    )


def _found(proposal: Proposal, pages: Sequence[tuple[Entry, Answer | NoAnswer]]) -> FoundSource:
    """Read the pages; where this leaves doubts, by a layout that leaves fewer of them."""
    found = _read(proposal, pages)
    of_pages = [(sample, answer) for sample, answer in found.samples if answer is not None]
    if not found.doubts or not of_pages:
        return found
    if known := proposal.table.get("articles"):
        ((name, layout),) = known.items()
        texts = [sample.text for sample, _ in of_pages if sample.text]
        better = _read(proposal.with_layout(name, layout | without_repeated(texts)), pages)
    else:
        given = ((sample.entry, answer, sample.text) for sample, answer in of_pages)
        selectors = page_layout(given, proposal.declaration.tzinfo)
        if selectors is None:
            return found
        better = _read(proposal.with_layout("page", selectors), pages)
    return better if better.rank > found.rank else found


def _read(proposal: Proposal, pages: Sequence[tuple[Entry, Answer | NoAnswer]]) -> FoundSource:
    samples: list[tuple[Sample, Answer | None]] = []
    for entry, page in pages:
        if isinstance(page, NoAnswer):
            samples.append((Sample(entry, entry.address, problem=str(page)), None))
        else:
            samples.append((sample_of(proposal.declaration, entry, page), page))
    if proposal.declaration.lists["news"].whole:
        held = proposal.entries[: _ARTICLES - len(samples)]
        samples += [(sample_of(proposal.declaration, entry, None), None) for entry in held]
    return FoundSource(proposal, tuple(samples))


async def _answer(visitor: Visitor, address: str) -> Answer:
    reply = await visitor.request(address, follow=True)
    return answer_of(reply.answer(), reply.received)


async def _lists(visitor: Visitor, given: Answer) -> list[Answer]:
    """Request the feeds that a page names, and the sitemaps that robots.txt names.

    An index of sitemaps is followed to the newest of them.
    """
    feeds = feeds_in(given)
    robots = visitor.robots_answers.get(urlsplit(given.address).netloc)
    sitemaps: tuple[str, ...] = ()
    if robots is not None and robots.status == HTTPStatus.OK and _is_page(given):
        sitemaps = sitemaps_named_in(answer_of(robots))
    found = [await _inner(visitor, given)]
    for address in (*feeds[:_MOST_FEEDS], *sitemaps[:_MOST_SITEMAPS]):
        try:
            found.append(await _inner(visitor, await _answer(visitor, address)))
        except NoAnswer:
            continue
    return found


async def _inner(visitor: Visitor, answer: Answer) -> Answer:
    """Return the newest list of an index of sitemaps, and any other answer as it is.

    A list that has a number or a date for its name is soon not the newest any more: it has the
    index's address, from which every crawl goes to the newest.
    """
    inner = _news_sitemap(answer)
    if inner is None:
        return answer
    found = await _answer(visitor, inner)
    is_lasting = re.search(r"\d", inner.rpartition("/")[2]) is None
    return found if is_lasting else replace(found, address=answer.address)


def _is_page(answer: Answer) -> bool:
    """Report whether an answer is a page of HTML, and no feed or sitemap."""
    return re.search(rb"<(?:html|head|body)\b", answer.body[:_BEGINNING], re.I) is not None


def _news_sitemap(answer: Answer) -> str | None:
    """Return the sitemap of news that an index of sitemaps names, else its newest one."""
    try:
        addresses = sitemaps_in(document_in(text_of(answer), Format.SITEMAP), answer.address)
    except PathError:
        return None
    news = [address for address in addresses if "news" in address.rpartition("/")[2]]
    return next(iter((*news, *addresses)), None)

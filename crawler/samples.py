"""Samples of the articles of a declared source for review, and what is unsure in them."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from archive.article import SHANGHAI
from archive.content import Security
from archive.content.mentions import securities_in_text
from crawler.declarations import Answer, AnswerError, Declaration, Entry, ListAnswer
from crawler.declarations.mentions import Mention
from crawler.declarations.times import Moment, TimeUnit
from crawler.extraction.fallback import read_or_extract
from crawler.pages.titles import have_something_in_common

_APART = timedelta(days=1)
_SHORT_TEXT = 80
_LEAST_ENTRIES = 3
_LEAST_REPEATED, _LEAST_LINE = 3, 6
_BEGINNING = 120


@dataclass(frozen=True, slots=True)
class Sample:
    """An article of a source, or why there is none.

    :param text: plain; None where there is none.
    :param problem: why there is none, as a sentence.
    """

    entry: Entry
    address: str | None
    title: str | None = None
    published: Moment | None = None
    media: str | None = None
    text: str | None = None
    securities: tuple[Mention, ...] = ()
    problem: str | None = None

    def lines(self) -> Iterator[str]:
        """Yield what is shown of it."""
        title = self.title or self.entry.title or "(no title)"
        published = self.published or self.entry.published
        yield title
        about = (_shown(published) if published else "(no time)", self.media or self.entry.media)
        yield "  ".join(filter(None, (*about, self.address)))
        if self.text is None:
            yield self.problem or "(no text)"
            return
        line = " ".join(self.text.split())
        yield f"{line[:_BEGINNING]}{'…' if len(line) > _BEGINNING else ''}"
        yield f"({len(self.text):,} characters in {len(self.text.splitlines())} paragraphs)"
        if names := list(self._securities()):
            yield f"Securities: {', '.join(names)}"

    def _securities(self) -> Iterator[str]:
        """Yield the securities that the source names, then those whose codes are in the text."""
        source = (
            Security(one.eastmoney, one.code, one.name)
            for one in self.securities or self.entry.securities
            if one.eastmoney is not None
        )
        found = {one.code: one for one in (*source, *securities_in_text(self.text or ""))}
        yield from (" ".join(filter(None, (one.code, one.name))) for one in found.values())

    def doubts(self) -> Iterator[str]:
        """Yield sentences about what is unsure."""
        where = self.address or self.entry.title or self.entry.id
        if self.text is None:
            yield self.problem or f"{where} has no text."
            return
        if len(self.text) < _SHORT_TEXT:
            yield f"{where} has a text of {len(self.text)} characters; is that the article?"
        if not (self.published or self.entry.published):
            yield f"{where} states no time that was found."
        listed = self.entry
        if not (self.title or listed.title):
            yield f"{where} has no title that was found."
        if self.title and listed.title and not have_something_in_common(self.title, listed.title):
            yield f"{where} has the title {self.title!r}, and the list names it {listed.title!r}."
        if self.published and listed.published:
            apart = abs(self.published.time - listed.published.time)
            if apart > _APART:
                yield f"{where} states another day ({self.published}) than the list does."


def sample_of(declaration: Declaration, entry: Entry, answer: Answer | None) -> Sample:
    """Return the sample of an entry.

    :param answer: the article's page; None where the list holds the whole article.
    :raises RefusedAnswer: when the source refuses.
    """
    if answer is None:
        text = entry.body.text if entry.body else None
        return Sample(entry, entry.address, text=text)
    try:
        facts = read_or_extract(declaration, answer)
    except AnswerError as error:
        return Sample(entry, answer.address, problem=str(error))
    return Sample(
        entry,
        answer.address,
        title=facts.title,
        published=facts.published,
        media=facts.media,
        text=facts.body.text,
        securities=facts.securities,
    )


def doubts(page: ListAnswer, samples: Sequence[Sample]) -> list[str]:
    """Return sentences about what is unsure in a list and in samples of its articles."""
    return [*_doubts_of_list(page), *_doubts_of_samples(samples)]


def _doubts_of_list(page: ListAnswer) -> Iterator[str]:
    entries = [entry for entry in page.entries if entry.skip is None]
    if len(entries) < _LEAST_ENTRIES:
        yield f"The list has only {len(entries)} entries."
    for what, found in (
        ("time", sum(1 for entry in entries if entry.published)),
        ("title", sum(1 for entry in entries if entry.title)),
        ("address", sum(1 for entry in entries if entry.address)),
    ):
        if found < len(entries):
            yield f"{len(entries) - found} of {len(entries)} entries of the list have no {what}."


def _doubts_of_samples(samples: Sequence[Sample]) -> Iterator[str]:
    for sample in samples:
        yield from sample.doubts()
    texts = [sample.text for sample in samples if sample.text]
    counts = Counter(
        line for text in texts for line in {*text.splitlines()} if len(line) >= _LEAST_LINE
    )
    for line, count in counts.items():
        if count >= _LEAST_REPEATED:
            yield f"{count} of {len(texts)} texts have the line {line[:40]!r}; is it an advert?"


def _shown(moment: Moment) -> str:
    if moment.precision is TimeUnit.DAY:
        return f"{moment.time:%Y-%m-%d}"
    return f"{moment.time.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"

"""The command ``finews sources import``."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import click
from scrapy.settings import Settings

from archive.archive import Archive
from archive.article import Article
from archive.clock import utc_now
from archive.errors import FinewsError, Refused
from archive.writing import Outcome
from crawler.checking.saved import saved_answers
from crawler.declarations import Answer, AnswerError, Declaration, Entry
from crawler.declarations.composed import composed, to_article
from crawler.declarations.identity import native_id
from crawler.declarations.redaction import redacted
from crawler.declared_answers import answer_of
from crawler.exit_status import ExitStatus
from crawler.extraction.fallback import read_or_extract
from crawler.pipelines.normalise import normalise
from crawler.running.project import project_settings, setting_option
from crawler.source_commands.files import SavedFile, by_identity, lists_in, page_of, read_file
from crawler.source_commands.options import declaration_of, end

_BATCH = 50


@click.command("import")
@click.argument("name", metavar="NAME")
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@setting_option
def import_(name: str, files: tuple[str, ...], settings: dict[str, str]) -> None:
    """Archive the articles in saved FILEs of the source NAME.

    A FILE is a saved list or page, or a folder of answers that `check --save` or `add` wrote. A
    page's address is found in the page, by a list among the files, or by the name of the file;
    otherwise write FILE=ADDRESS. No request is sent. Importing the same files again changes
    nothing.

    Exit status: 0, all articles are archived; 4, some could not be read; their reasons are shown.
    """
    changed = project_settings(settings)
    declaration = declaration_of(name, changed)
    reader = _SavedReader(declaration, _saved_files(declaration, files, changed))
    counts: Counter[Outcome] = Counter()
    now = utc_now()
    with Archive(Path(changed["FINEWS_ARCHIVE"])) as archive:
        batch: list[Article] = []
        for article in reader.articles():
            try:
                batch.append(normalise(article, archive.category_of))
            except Refused as error:
                reader.report(str(error))
            if len(batch) == _BATCH:
                counts.update(archive.add_many(batch, [now] * len(batch)))
                batch.clear()
        counts.update(archive.add_many(batch, [now] * len(batch)))
    click.echo(
        f"{counts[Outcome.ADDED]} added, {counts[Outcome.REVISED]} revised, "
        f"{counts[Outcome.UNCHANGED]} unchanged, {len(reader.problems)} not imported."
    )
    if reader.problems:
        end("Some files could not be read as articles.", ExitStatus.LAYOUT_CHANGED)


def _saved_files(
    declaration: Declaration, files: Sequence[str], settings: Settings
) -> list[SavedFile]:
    """Read files, and the answers of folders.

    :raises FinewsError: when one cannot be read.
    """
    first = next(iter(declaration.lists.values()))
    found = []
    for file in files:
        if Path(file).is_dir():
            found += [
                SavedFile(Path(file), answer_of(answer.response, answer.received), is_sure=True)
                for answers in saved_answers(Path(file), [declaration.name])
                for answer in answers.answers
                if answer.response is not None
            ]
        else:
            most = settings.getint("DOWNLOAD_MAXSIZE")
            found.append(read_file(file, first.address, most))
    return found


@dataclass(frozen=True, slots=True)
class _Listed:
    """An entry of a saved list.

    :param space: the numbering of its id.
    """

    entry: Entry
    space: str


class _SavedReader:
    """Reads the articles of saved files, and reports what cannot be read."""

    def __init__(self, declaration: Declaration, files: Sequence[SavedFile]) -> None:
        self.problems: list[str] = []
        self._declaration = declaration
        self._files = files

    def report(self, problem: str) -> None:
        """Record and show why an article is not imported."""
        self.problems.append(problem)
        click.echo(f"finews: {problem}", err=True)

    def articles(self) -> Iterator[Article]:
        """Yield the articles that whole lists have, then those of pages."""
        lists = lists_in(self._declaration, self._files)
        listed: dict[str, _Listed] = {}
        for name, answer, page in lists.pages:
            table = self._declaration.lists[name]
            entries = [entry for entry in page.entries if entry.skip is None]
            for key, entry in by_identity(self._declaration, entries).items():
                listed.setdefault(key, _Listed(entry, table.space))
            for entry in entries if table.whole else ():
                yield from self._article(_Listed(entry, table.space), answer, None)
        for file in lists.others:
            try:
                answer = redacted(self._declaration, page_of(file, lists.entries))
            except FinewsError as error:
                self.report(str(error))
            else:
                yield from self._of_page(answer, listed)

    def _of_page(self, page: Answer, listed: Mapping[str, _Listed]) -> Iterator[Article]:
        own_id = native_id(self._declaration.identity, page.address)
        unlisted = _Listed(Entry(id=own_id, address=page.address), "")
        yield from self._article(
            listed.get(own_id or "") or listed.get(page.address) or unlisted, page, page
        )

    def _article(self, one: _Listed, answer: Answer, page: Answer | None) -> Iterator[Article]:
        """Yield the article of an entry.

        :param answer: that it was read from.
        :param page: of the article; None where the list holds it.
        """
        try:
            facts = read_or_extract(self._declaration, page) if page else None
            found = composed(self._declaration, one.entry, facts, space=one.space)
            if found is None:
                self.report(f"{one.entry.address or one.entry.id} has no text.")
                return
            yield to_article(
                found,
                self._declaration,
                fetched=answer.fetched or datetime.now(UTC),
                addresses=(answer.address,),
            )
        except (AnswerError, Refused) as error:
            self.report(str(error))

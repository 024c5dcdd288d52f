"""Files that users saved: answers of a source, each with the address that it came from."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from archive.clock import utc_now
from archive.errors import FinewsError
from crawler.arguments import http_address
from crawler.declarations import Answer, AnswerError, Declaration, Entry, ListAnswer, read_list
from crawler.declarations.addresses import first_address
from crawler.declarations.identity import native_id
from crawler.declarations.places import list_at
from crawler.discovery.saved_pages import (
    UnknownAddress,
    entry_address,
    stated_addresses,
    with_address,
)


class UnreadableFile(FinewsError):
    """A saved file cannot be read, or is larger than an answer may be."""


@dataclass(frozen=True, slots=True)
class SavedFile:
    """A saved answer.

    :param answer: with the address that was named for it, or else that of the source.
    :param is_sure: whether its address was named.
    """

    path: Path
    answer: Answer
    is_sure: bool


def read_file(argument: str, address: str, most_bytes: int) -> SavedFile:
    """Read a saved file.

    :param argument: its path, alone or as FILE=ADDRESS.
    :param address: of the source, where the argument names none.
    :raises UnreadableFile: when it cannot be read.
    """
    name, sign, named = argument.partition("=")
    is_path = not sign or Path(argument).exists()
    path = Path(argument if is_path else name)
    try:
        if path.stat().st_size > most_bytes:
            raise UnreadableFile(f"{path} is larger than {most_bytes:,} bytes.")
        body = path.read_bytes()
        fetched = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except OSError as error:
        raise UnreadableFile(f"{path} cannot be read ({error.strerror}).") from error
    try:
        where = address if is_path else http_address(named)
    except ValueError as error:
        raise UnreadableFile(f"The address of {path} {error}.") from error
    return SavedFile(path, Answer(where, body, fetched=fetched), not is_path)


def page_of(file: SavedFile, entries: Sequence[Entry]) -> Answer:
    """Return a saved page of an article with its address.

    :param entries: of the lists that may name it.
    :raises UnknownAddress: when nothing shows where it came from.
    """
    if file.is_sure:
        return file.answer
    try:
        return with_address(file.answer, file.path.stem, entries)
    except UnknownAddress as error:
        raise UnknownAddress(
            f"Where {file.path} came from is not known; write {file.path}=ADDRESS."
        ) from error


@dataclass(frozen=True, slots=True)
class SavedLists:
    """The saved lists of a source, and the other files.

    :param pages: by the name of the list; of one list, there may be several.
    :param others: the files that are no list.
    """

    pages: list[tuple[str, Answer, ListAnswer]]
    others: list[SavedFile]

    @property
    def entries(self) -> list[Entry]:
        """The entries of all lists that are not left out."""
        return [entry for _, _, page in self.pages for entry in page.entries if not entry.skip]


def lists_in(
    declaration: Declaration, files: Sequence[SavedFile], known: Sequence[Entry] = ()
) -> SavedLists:
    """Separate saved lists of a declared source from other files, by address or by reading them.

    A page of an article may have a shorter list, too, next to the article: it is no list where it
    is the page of an entry.

    :param known: entries of other lists.
    """
    read = [(file, _as_list(declaration, file)) for file in files]
    likely = sorted(
        ((file, found) for file, found in read if found is not None),
        key=lambda one: (one[0].is_sure, len(one[1][2].entries)),
        reverse=True,
    )
    lists = SavedLists([], [file for file, found in read if found is None])
    for file, found in likely:
        entries = (*known, *lists.entries)
        if not file.is_sure and entry_address(file.answer, file.path.stem, entries):
            lists.others.append(file)
        else:
            lists.pages.append(found)
    return lists


def _as_list(declaration: Declaration, file: SavedFile) -> tuple[str, Answer, ListAnswer] | None:
    if file.is_sure:
        name = list_at(declaration, file.answer.address)
        names = [name] if name else []
    elif any(native_id(declaration.identity, one) for one in stated_addresses(file.answer)):
        return None  # a page that names itself as an article
    else:
        names = list(declaration.lists)
    for name in names:
        answer = file.answer
        if not file.is_sure:
            table = declaration.lists[name]
            answer = replace(answer, address=first_address(table, answer.fetched or utc_now()))
        try:
            return name, answer, read_list(declaration, name, answer)
        except AnswerError:
            continue
    return None

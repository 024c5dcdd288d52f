"""Read a list of articles."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from crawler.declarations.answers import Answer, document_in, text_of
from crawler.declarations.bodies import body_of
from crawler.declarations.errors import RefusedAnswer, UnreadableAnswer
from crawler.declarations.fields import ArticleFields
from crawler.declarations.formats import SITEMAPS, Format
from crawler.declarations.identity import native_id
from crawler.declarations.mentions import mentions_of
from crawler.declarations.model import Declaration, ListTable
from crawler.declarations.paths import Node, PathError, find_all, json_at
from crawler.declarations.reading import Scope, absolute, as_written, check_success
from crawler.declarations.refusals import refused

#: The beginning of the reason for an entry that the declaration does not describe.
UNREADABLE = "unreadable: "

NO_TEXT = "it has neither a title nor a text"
NO_ARTICLE = "its address has none of the patterns of `identity`"
TWICE = "the same article again on one page"
_DAY = len("2026-11-30")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry(ArticleFields):
    """What a list holds of an article.

    :param skip: why the entry is left out; None for those that are not.
    :param locked: it is archived nevertheless, by its title.
    """

    important: bool = False
    skip: str | None = None
    locked: bool = False

    @property
    def is_left_out(self) -> bool:
        """Whether nothing of it is archived."""
        return self.skip is not None and not self.locked


@dataclass(frozen=True, slots=True)
class ListAnswer:
    """A page of a list.

    :param entries: in the order of the answer, those that are left out, too.
    :param next: what gives the next page: a number, a cursor, or an address; None at the end.
    :param sitemaps: addresses of other lists, which an index of sitemaps names instead, newest
        first.
    """

    entries: tuple[Entry, ...]
    next: str | None = None
    sitemaps: tuple[str, ...] = ()


def read_list(declaration: Declaration, name: str, answer: Answer, *, page: int = 1) -> ListAnswer:
    """Read an answer as a page of a list.

    :param name: of the list in the declaration.
    :param page: its number, where pages are numbered.
    :raises RefusedAnswer: when the source refuses.
    :raises UnreadableAnswer: when the answer is not what the declaration describes.
    """
    table = declaration.lists[name]
    part = f"{declaration.name}: lists.{name}"
    try:
        text = text_of(answer, table.encoding)
        if reason := refused(declaration, answer, text):
            raise RefusedAnswer(answer.address, part, reason)
        document = document_in(text, table.format, table.inside)
        check_success(document, table.succeeded)
        if table.format is Format.SITEMAP and (found := sitemaps_in(document, answer.address)):
            return ListAnswer((), sitemaps=found)
        scope = Scope(
            entry=document,
            answer=document,
            base=answer.address,
            zone=declaration.tzinfo,
            page=text,
            fetched=answer.fetched,
        )
        entries = _entries(declaration, table, scope)
        return ListAnswer(entries, next=_next(table, scope, entries, page))
    except PathError as error:
        raise UnreadableAnswer(answer.address, part, str(error)) from error


def sitemaps_in(document: Node, base: str) -> tuple[str, ...]:
    """Return the addresses that an index of sitemaps names, the newest first.

    Where the index has no times, the last ones are the newest: archives are numbered upwards.
    """
    named = [
        (next(iter(find_all(one, "lastmod")), ""), address)
        for one in find_all(document, SITEMAPS)
        for address in find_all(one, "loc")
    ]
    named.reverse()
    named.sort(key=lambda one: str(one[0]).strip()[:_DAY], reverse=True)
    return absolute(base, (address for _, address in named))


def _entries(declaration: Declaration, table: ListTable, whole: Scope) -> tuple[Entry, ...]:
    """Read the entries.

    :raises PathError: when there is no place for entries, or not one can be read.
    """
    nodes = find_all(whole.answer, table.entries)
    if not nodes and not _may_be_empty(table, whole.answer):
        raise PathError(f"it has no {table.entries}")
    scopes = (replace(whole, entry=node) for node in nodes)
    entries = [_entry_or_reason(declaration, table, scope) for scope in scopes]
    unread = [one.skip for one in entries if one.skip and one.skip.startswith(UNREADABLE)]
    if unread and len(unread) == len(entries):
        reason = unread[0].removeprefix(UNREADABLE)
        raise PathError(f"none of its {len(unread)} entries is readable; in the first, {reason}")
    return tuple(_once(entries))


def _may_be_empty(table: ListTable, document: Node) -> bool:
    """Report whether an answer without entries is in order: its list is there, and empty."""
    if table.nothing and any(find_all(document, table.nothing)):
        return True
    return table.is_json and json_at(document, table.entries) == []


def _entry_or_reason(declaration: Declaration, table: ListTable, scope: Scope) -> Entry:
    try:
        return read_entry(declaration, table, scope)
    except PathError as error:
        return Entry(id=None, address=None, skip=f"{UNREADABLE}{error}")


def read_entry(declaration: Declaration, table: ListTable, scope: Scope) -> Entry:
    """Read one entry.

    :raises PathError: when it is not what the table describes.
    """
    fields = table.fields
    address = scope.link(fields.address)
    scope = replace(scope, address=address or "")
    own_id = scope.line(fields.id) or native_id(declaration.identity, address)
    if own_id is None and address is None:
        raise PathError("it has neither an id nor an address")
    written = scope.markup(fields.body)
    body = None if written is None else body_of(declaration, written, scope.base)
    title = scope.line(fields.title)
    if title is None and body is None and not fields.id and table.format is not Format.SITEMAP:
        raise PathError("it has no title")
    skip = next((one for one in table.skip if scope.true(one.when)), None)
    nothing = None
    if table.whole and title is None and body is None:
        nothing = NO_TEXT
    elif table.format is Format.SITEMAP and own_id is None and declaration.identity.addresses:
        nothing = NO_ARTICLE  # a sitemap names all pages of a site
    return Entry(
        id=own_id,
        address=address,
        title=title,
        published=scope.time("published", fields.published),
        modified=scope.time("modified", fields.modified),
        media=scope.line(fields.media),
        author=scope.line(fields.author),
        digest=scope.text(fields.digest),
        body=body,
        pictures=_once_each((*scope.links(fields.pictures), *(body.pictures if body else ()))),
        securities=mentions_of(declaration, scope, fields.securities, body),
        tags=_once_each(scope.texts(fields.tags)),
        important=scope.true(fields.important),
        paid=scope.true(fields.paid),
        skip=skip.why if skip else nothing,
        locked=skip is not None and skip.by_title and title is not None,
    )


def _once(entries: Iterable[Entry]) -> list[Entry]:
    """Mark the entries of an article that came before on the page."""
    met: set[str] = set()
    marked = []
    for entry in entries:
        key = entry.id or entry.address
        again = key in met and entry.skip is None
        marked.append(replace(entry, skip=TWICE) if again else entry)
        if key:
            met.add(key)
    return marked


def _once_each(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))


def _next(table: ListTable, whole: Scope, entries: tuple[Entry, ...], page: int) -> str | None:
    """Return what gives the next page; None behind the last one."""
    paging = table.paging
    if paging is None or not entries or (paging.last and page >= paging.last):
        return None
    if paging.next is None:
        return str(page + 1)
    found: list[Any] = [one for one in find_all(whole.answer, paging.next) if one not in ("", None)]
    if not found:
        return None
    if "{cursor}" not in table.address:
        return next(iter(absolute(whole.base, [as_written(found[0])])), None)
    cursor = as_written(found[0])
    return str(int(cursor) + paging.plus) if paging.plus and cursor.isdecimal() else cursor

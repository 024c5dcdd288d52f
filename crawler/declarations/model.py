"""What a declaration of a source can say. Its reference page is made of this module."""

import codecs
import re
from collections.abc import Mapping
from datetime import date
from string import Formatter
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, model_validator

from crawler.arguments import Host, HostFamily, http_address
from crawler.declarations.formats import ENTRIES, FIELDS, Format
from crawler.declarations.paths import check_path
from crawler.declarations.signatures import SIGNATURES
from crawler.declarations.values import Alternatives, Fields, Pattern, Skip, Table, paths_in

SOURCE_NAME = re.compile(r"[a-z][a-z0-9]{0,29}")
_DURATION = re.compile(r"(\d+) ?(s|min|h|d)")
_SECONDS = {"s": 1, "min": 60, "h": 3_600, "d": 86_400}
_PLACES = frozenset({"page", "size", "cursor", "now"})
_ARTICLE_PLACES = frozenset({"id", "now"})


def _source_name(name: str) -> str:
    if not SOURCE_NAME.fullmatch(name):
        raise ValueError("should be a name of small letters and digits, such as ths")
    return name


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"should be a time zone such as Asia/Shanghai, not {name!r}") from None
    return name


def _encoding(name: str) -> str:
    try:
        codecs.lookup(name)
    except LookupError:
        raise ValueError(f"should be an encoding such as gb18030, not {name!r}") from None
    return name


SourceName = Annotated[str, AfterValidator(_source_name)]
Zone = Annotated[str, AfterValidator(_zone)]
Encoding = Annotated[str, AfterValidator(_encoding)]


def _duration(text: str) -> str:
    if not _DURATION.fullmatch(text):
        raise ValueError(f"should be a number and s, min, h or d, such as '5 min', not {text!r}")
    return text


def _signature(name: str) -> str:
    if name not in SIGNATURES:
        raise ValueError(f"should be {' or '.join(sorted(SIGNATURES))}, not {name!r}")
    return name


def _template(known: frozenset[str]) -> AfterValidator:
    """Check an address with places for some of the known names."""

    def check(template: str) -> str:
        try:
            names = {part[1] for part in Formatter().parse(template) if part[1] is not None}
        except ValueError:
            names = {""}
        if unknown := names - known:
            places = ", ".join(f"{{{name}}}" for name in sorted(known))
            raise ValueError(f"may hold {places} in braces, and not {{{min(unknown)}}}")
        return http_address(template)

    return AfterValidator(check)


class Seen(Table):
    """What is known of a list, an article or a refusal, and how.

    :param on: the day on which it was last seen.
    :param first_hand: whether a recorded answer shows it; false where others report it.
    """

    on: date
    first_hand: bool


class Manners(Table):
    """How a source is visited.

    :param delay: seconds between two requests to one of its hosts.
    :param interval: the time from one crawl to the next, such as ``5 min``.
    """

    delay: Annotated[float, Field(ge=0.5)] = 1.0
    interval: Annotated[str, AfterValidator(_duration)] = "10 min"

    @property
    def interval_seconds(self) -> int:
        """The interval in seconds."""
        match = _DURATION.fullmatch(self.interval)
        assert match
        return int(match[1]) * _SECONDS[match[2]]


class Refusal(Table):
    """How it shows that a source refuses a visitor, beside what all sites do.

    :param statuses: of answers.
    :param words: in the HTML of an answer.
    :param when: a path that leads to something in JSON only where the source refuses.
    """

    statuses: tuple[Annotated[int, Field(ge=400, le=599)], ...] = ()
    words: tuple[Annotated[str, Field(min_length=4)], ...] = ()
    when: str | None = None
    seen: Seen | None = None


class AddressPattern(Table):
    """A pattern of the addresses of articles.

    :param pattern: a regular expression, whose last group is the source's own id.
    :param space: the name of the numbering, where a source has several.
    """

    pattern: Pattern
    space: Annotated[str, Field(pattern=r"^[a-z0-9]{0,12}$")] = ""

    @model_validator(mode="after")
    def _has_a_group(self) -> "AddressPattern":
        if not re.compile(self.pattern).groups:
            raise ValueError("should have a group in parentheses, which is the id")
        return self


class Rewrite(Table):
    """A form of an address that names the same article as another form.

    :param pattern: a regular expression of the one, such as a mobile page's.
    :param to: the other, with ``\\1`` in place of the first group.
    """

    pattern: Pattern
    to: str


class Identity(Table):
    """How an article of the source is known.

    :param addresses: patterns of the addresses of articles, which hold the id.
    :param rewrites: forms of addresses that are another's.
    :param eastmoney: whether the ids are Eastmoney's info codes.
    """

    addresses: tuple[AddressPattern, ...] = ()
    rewrites: tuple[Rewrite, ...] = ()
    eastmoney: bool = False


class Pictures(Table):
    """Pictures of articles.

    :param hosts: that they are fetched from.
    :param charts: hosts of charts, which are drawn anew for every reader and are no pictures.
    """

    hosts: tuple[Host, ...] = ()
    charts: tuple[Host, ...] = ()


class Redaction(Table):
    """What is removed from an answer before it is stored, because it is about readers or staff.

    :param keys: of JSON, at any depth.
    :param patterns: regular expressions, whose first group is removed from the text.
    """

    keys: tuple[str, ...] = ()
    patterns: tuple[Pattern, ...] = ()

    @property
    def removes_anything(self) -> bool:
        """Whether there is anything to remove."""
        return bool(self.keys or self.patterns)


class Paging(Table):
    """How a list goes on.

    :param first: the number of the first page, where pages are numbered.
    :param last: the number of the last page that there is.
    :param next: a path that leads to the next page's cursor, or to its address.
    :param plus: what is added to the cursor, where only older entries than it are given.
    :param repeats: whether the next page begins with entries of this one.
    :param size: entries of a page that are asked for.
    :param short_ends: whether a page with fewer entries than that is the last.
    :param largest: the largest size that the source accepts.
    :param beyond: what a larger size gives.
    """

    first: int | None = None
    last: int | None = None
    next: str | None = None
    plus: int = 0
    repeats: bool = False
    size: Annotated[int, Field(ge=1)] | None = None
    short_ends: bool = False
    largest: Annotated[int, Field(ge=1)] | None = None
    beyond: Literal["fewer", "nothing", "an error"] | None = None

    @model_validator(mode="after")
    def _is_of_one_kind(self) -> "Paging":
        if (self.first is None) == (self.next is None):
            raise ValueError("should have either first, the number of a page, or next, a path")
        if self.size and self.largest and self.size > self.largest:
            raise ValueError(f"should have a size of {self.largest} at most")
        return self


class Document(Table):
    """An answer that is a document of some format.

    :param format: what it is written in; ``json`` also in a call of a function (JSONP), or
        assigned to a variable.
    :param encoding: of its characters, where the answer states a wrong one.
    :param inside: where the JSON is in a page of HTML, such as ``script#__NEXT_DATA__::text``.
    :param succeeded: a path that leads to something, and not to false, in every good answer.
    :param headers: that the request needs.
    :param sign: the function that signs the request.
    """

    format: Format
    encoding: Encoding | None = None
    inside: str | None = None
    succeeded: str | None = None
    headers: Mapping[str, str] = Field(default_factory=dict)
    sign: Annotated[str, AfterValidator(_signature)] | None = None
    fields: Fields = Fields()
    seen: Seen

    @model_validator(mode="before")
    @classmethod
    def _with_what_the_format_has(cls, table: Any) -> Any:
        if not isinstance(table, dict) or table.get("format") not in list(Format):
            return table
        known = Format(table["format"])
        fields = table.get("fields", {})
        merged = {**FIELDS.get(known, {}), **fields} if isinstance(fields, dict) else fields
        if known in ENTRIES and "entries" in cls.model_fields:
            table = {"entries": ENTRIES[known], **table}
        return {**table, "fields": merged}

    @model_validator(mode="after")
    def _has_paths_of_its_language(self) -> "Document":
        if self.inside:
            if self.format is not Format.JSON:
                raise ValueError("should have the format json where it has inside")
            check_path(self.inside, of_json=False)
        for path in paths_in(self.fields):
            self._check(path)
        if self.succeeded:
            self._check(self.succeeded)
        return self

    @property
    def is_json(self) -> bool:
        """Whether paths are JMESPath."""
        return self.format in {Format.JSON, Format.JSON_FEED}

    @property
    def is_bare_json(self) -> bool:
        """Whether the whole answer is JSON, so that a page in its place is no answer."""
        return self.is_json and self.inside is None

    def _check(self, path: str) -> None:
        check_path(path, of_json=self.is_json, of_xml=self.format.is_xml)


class ListTable(Document):
    """A list of articles.

    :param address: with ``{page}``, ``{size}``, ``{cursor}`` and ``{now}`` (the time in
        milliseconds) in their places.
    :param entries: a path that leads to the entries.
    :param nothing: a path that leads to something where an answer without entries is in order.
    :param skip: kinds of entries that are left out.
    :param paging: how the list goes on; without it, it does not.
    :param newest_first: whether its order is by time.
    :param space: the numbering of its ids, as in `identity`.
    :param whole: whether its entries hold the whole article, so that no page is asked for.
    """

    address: Annotated[str, _template(_PLACES)]
    entries: str
    nothing: str | None = None
    skip: tuple[Skip, ...] = ()
    paging: Paging | None = None
    newest_first: bool = True
    space: str = ""
    whole: bool = False

    @property
    def first_page(self) -> int:
        """The number of the first page."""
        return 1 if self.paging is None or self.paging.first is None else self.paging.first

    @model_validator(mode="after")
    def _goes_on_as_its_address_says(self) -> "ListTable":
        for path in paths_in(self.skip):
            self._check(path)
        for own in (self.entries, self.nothing, self.paging and self.paging.next):
            if own:
                self._check(own)
        if self.whole and not self.fields.body:
            raise ValueError("should have fields.body where it is whole")
        numbered = self.paging is not None and self.paging.first is not None
        if "{page}" in self.address and not numbered:
            raise ValueError("should have paging.first where its address has {page}")
        if "{cursor}" in self.address and not (self.paging and self.paging.next):
            raise ValueError("should have paging.next where its address has {cursor}")
        if "{size}" in self.address and not (self.paging and self.paging.size):
            raise ValueError("should have paging.size where its address has {size}")
        return self


class Layout(Document):
    """A form in which articles are, or were, given.

    :param address: where an article is asked for, with ``{id}`` in its place; without it, at the
        address that the list gives.
    :param matches: a pattern of the addresses that have this form; without it, all.
    :param missing: a path that leads to something where the source has no such article.
    :param next: the address of the next page, where an article has several.
    :param drop: paths of parts of the body that are no part of the article.
    :param drop_text: patterns of the whole text of such paragraphs.
    """

    address: Annotated[str, _template(_ARTICLE_PLACES)] | None = None
    matches: Pattern | None = None
    missing: str | None = None
    next: Alternatives = ()
    drop: tuple[str, ...] = ()
    drop_text: tuple[Pattern, ...] = ()

    @model_validator(mode="after")
    def _can_be_read(self) -> "Layout":
        if not self.fields.body:
            raise ValueError("should have fields.body; `extract = true` reads pages without it")
        for path in (*paths_in(self.next), *filter(None, [self.missing])):
            self._check(path)
        for path in self.drop:
            check_path(path, of_json=False)
        return self


class Declaration(Table):
    """A source, as a file in ``settings/sources/`` declares it.

    :param name: that the file has.
    :param title: its name for readers.
    :param site: the address of its home page.
    :param lang: the language of its articles.
    :param zone: the time zone of times that name none.
    :param hosts: that are asked.
    :param family: the end of the names of all hosts of its operator, which refuse together.
    :param markup: whose mark-up of securities, and whose adverts, its bodies have.
    :param extract: whether pages of articles that no layout describes are read by extraction.
    :param markets: Eastmoney's number of each market, by the source's own word for it.
    :param fallback: names of sources that have the same news.
    """

    name: SourceName
    title: str
    site: Annotated[str, AfterValidator(http_address)]
    lang: str = "zh"
    zone: Zone = "Asia/Shanghai"
    hosts: Annotated[tuple[Host, ...], Field(min_length=1)]
    family: HostFamily
    manners: Manners = Manners()
    refusal: Refusal = Refusal()
    identity: Identity = Identity()
    pictures: Pictures = Pictures()
    redaction: Redaction = Redaction()
    markets: Mapping[str, int] = Field(default_factory=dict)
    lists: Annotated[Mapping[str, ListTable], Field(min_length=1)]
    articles: Mapping[str, Layout] = Field(default_factory=dict)
    markup: Literal["eastmoney"] | None = None
    extract: bool = False
    fallback: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _knows_every_article(self) -> "Declaration":
        for name, table in self.lists.items():
            if not (table.fields.id or table.fields.address):
                raise ValueError(f"should have lists.{name}.fields.id or .address")
            if urlsplit(table.address).hostname not in self.hosts:
                raise ValueError(f"should have the host of lists.{name}.address among its hosts")
            if not (table.whole or self.articles or self.extract):
                raise ValueError(
                    f"should have articles, or extract = true, or lists.{name}.whole = true"
                )
        return self

    @property
    def tzinfo(self) -> ZoneInfo:
        """The time zone of times that name none."""
        return ZoneInfo(self.zone)

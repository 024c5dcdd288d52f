"""The parameters and the answers of the API, as pydantic models.

Python, HTTP and MCP share them. The descriptions of the fields are those of the OpenAPI document.
Times of publication are in Asia/Shanghai, all others in UTC.
"""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from archive.search import moment_of
from archive.search.language import MAX_QUERY

# Characters of a body in one answer, and the most that can be requested.
BODY_PART, LONGEST_BODY_PART = 20_000, 200_000

_BEGINNING = r"[0-9]{4}(-[0-9]{2}(-[0-9]{2}(T[0-9]{2}:[0-9]{2}(:[0-9]{2})?)?)?)?"


def moment(value: Any) -> Any:
    """Return the instant that a text or an aware time names.

    :raises InvalidQuery: when it names none, or a later one than now; see `moment_of`.
    """
    if isinstance(value, datetime) and value.tzinfo is None:
        return value  # which `AwareDatetime` refuses
    text = value.isoformat() if isinstance(value, datetime) else str(value)
    return datetime.fromisoformat(moment_of(text, datetime.now(UTC)))


Moment = Annotated[
    AwareDatetime,
    BeforeValidator(moment),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
# The beginning of a time in Shanghai, which the catalog compares as text.
LocalTime = Annotated[str, Field(pattern=rf"^(|{_BEGINNING})$")]
ArticleKey = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]{2,120}$")]
EditionName = Literal["", "media", "rolling"]
PagePosition = Annotated[
    str,
    Field(pattern=r"^(|[^~]{4,40}~[0-9]{1,18})$", description="The `next` of the page before."),
]
Limit = Annotated[int, Field(ge=1, le=100, description="Most items of the answer.")]
Number = Annotated[int, Field(ge=0, le=2**53)]


class Parameters(BaseModel):
    """The parameters that every question has."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    as_of: Moment | None = Field(
        None,
        description="Answer from what the archive had stored by this time, which has passed. "
        "Without a zone it is a time in Shanghai.",
    )


class SearchParameters(Parameters):
    """Which articles to find."""

    q: str = Field("", max_length=MAX_QUERY, description="Query in the language of the search box.")
    media: str = Field("", max_length=200, description="Name of the media.")
    security: str = Field("", max_length=40, description="Code of a security, such as 1.600160.")
    since: LocalTime = Field("", description="Published at this time in Shanghai or later.")
    until: LocalTime = Field("", description="Published before this time in Shanghai.")
    sort: Literal["time", "relevance", "fresh"] = Field(
        "time",
        description="The newest first, or the 50 most relevant; with `fresh`, the newest of those "
        "that have the terms in the same places come first.",
    )
    total: bool = Field(False, description="Count the articles as well.")
    limit: Limit = 20
    after: PagePosition = ""


class ArticleParameters(Parameters):
    """Which article to read, and how much of it."""

    id: ArticleKey = Field(description="Id of the article.")
    edition: EditionName = Field("", description="Of an article that was published as two posts.")
    version: int | None = Field(
        None, ge=1, le=2**53, description="Number of a version; the last one by default."
    )
    body: Literal["text", "html", "none"] = Field("text", description="Format of the body.")
    start: Number = Field(0, description="First character of the body.")
    characters: int = Field(
        BODY_PART, ge=1, le=LONGEST_BODY_PART, description="Most characters of the body."
    )


class VersionsParameters(Parameters):
    """The article whose versions to list."""

    id: ArticleKey = Field(description="Id of the article.")
    edition: EditionName = Field("", description="Of an article that was published as two posts.")
    limit: Limit = 20
    after: Number = Field(0, description="Number of the last version of the page before.")


class ChangesParameters(Parameters):
    """Which changes to list."""

    after: Number = Field(0, description="Cursor of the last change that was read before.")
    security: str = Field("", max_length=40, description="Only articles that name this security.")
    events: str = Field(
        "",
        pattern=r"^(|[a-z_]{4,20}(,[a-z_]{4,20}){0,10})$",
        description="Only these events, separated by commas, such as `edited,gone`.",
    )
    limit: Limit = 20


class NamedSecurityParameters(Parameters):
    """What names a security."""

    q: str = Field(min_length=1, max_length=100, description="Code, name or initials in pinyin.")


class SecurityParameters(Parameters):
    """The security whose timeline to read."""

    code: str = Field(pattern=r"^[0-9A-Za-z._-]{3,40}$", description="Such as 1.600160.")
    by: Literal["day", "month"] = Field("month", description="Unit of the timeline.")
    since: LocalTime = Field("", description="Published at this time in Shanghai or later.")
    until: LocalTime = Field("", description="Published before this time in Shanghai.")


class MediaParameters(Parameters):
    """The page of the list of media."""

    limit: Limit = 100
    after: str = Field("", max_length=200, description="Name of the last media before this page.")


class DayParameters(Parameters):
    """The day to read."""

    day: str = Field(
        pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", description="In Shanghai, such as 2026-11-22."
    )
    limit: Limit = 20
    after: PagePosition = ""


class QuoteParameters(Parameters):
    """The sentence to locate."""

    text: str = Field(
        min_length=4, max_length=300, description="Words of an article, exactly as it has them."
    )
    limit: Limit = 5


class AnswerPart(BaseModel):
    """An answer, or a part of one."""

    model_config = ConfigDict(frozen=True, use_enum_values=True)


class AnswerAsOf(AnswerPart):
    """An answer, as of the time of the question."""

    as_of: AwareDatetime | None


class ArticleSummary(AnswerPart):
    """An article in a list, as of the time of the question."""

    id: str
    title: str
    published: AwareDatetime
    precision: str = Field(description="Smallest unit of time that the source states.")
    media: str | None
    source: str = Field(description="Name of the source in the archive.")
    edition: str
    version: int
    first_seen: AwareDatetime = Field(description="When the archive stored the article first.")
    seen_from: AwareDatetime = Field(description="When the archive stored this version.")
    gone: AwareDatetime | None = Field(description="When the source was found without the article.")
    sha256: str = Field(description="Hash of the post's file.")
    excerpt: str = ""


class WordsChanged(AnswerPart):
    """What the publisher changed between two versions."""

    field: str = Field(description="Class of the edit, such as `figures`.")
    before: str
    after: str


class CapturePlace(AnswerPart):
    """A captured response: its address, and its record in a WARC file."""

    model_config = ConfigDict(from_attributes=True)

    url: str
    file: str
    offset: int
    fetched: str


class VersionSummary(AnswerPart):
    """A version of an article."""

    id: str
    edition: str
    version: int
    title: str
    published: AwareDatetime
    media: str | None
    cause: str = Field(description="Why the version exists.")
    edits: list[WordsChanged]
    seen_from: AwareDatetime = Field(description="When the archive stored this version.")
    seen_until: AwareDatetime | None = Field(description="When a later version replaced it.")
    body_source: str | None
    length: int = Field(description="Characters of the text.")
    path: str = Field(description="Of the version's file, below the archive's folder.")
    sha256: str = Field(description="Hash of the version's file.")
    captures: list[CapturePlace]


class MentionedSecurity(AnswerPart):
    """A security that an article names."""

    code: str
    name: str = Field(description="Name at the time of the question.")


class FullArticle(VersionSummary):
    """A version of an article with its body, or a part of it."""

    as_of: AwareDatetime | None
    source: str
    digest: str | None
    category: str | None
    precision: str
    author: str | None
    flags: list[str] = Field(
        description="Marks of the source: `important`, `paid`, `partial` or `locked`."
    )
    keywords: list[str] = Field(description="Words under which the source files the article.")
    modified: AwareDatetime | None = Field(description="Last change, as the source states it.")
    link: str | None = Field(description="Address that the post names as its source.")
    first_seen: AwareDatetime
    gone: AwareDatetime | None = Field(description="When the source was found without the article.")
    securities: list[MentionedSecurity]
    body: str | None
    body_format: Literal["text", "html"] | None = Field(
        description="`text` although `html` was requested, where the post is larger than 100 kB."
    )
    start: int
    next: int | None = Field(description="`start` of the next part of the body.")


class SearchPage(AnswerAsOf):
    """A page of found articles."""

    total: int | None
    estimated: bool = Field(description="Whether the total is an estimate: a count takes too long.")
    items: list[ArticleSummary]
    next: str | None


class VersionPage(AnswerAsOf):
    """A page of the versions of an article, the oldest first."""

    items: list[VersionSummary]
    next: int | None


class ChangeEvent(AnswerPart):
    """Something that the archive learnt."""

    cursor: int
    at: AwareDatetime = Field(description="When the archive learnt it.")
    id: str
    edition: str
    version: int
    event: str = Field(description="Cause of a version, `gone` or `returned`.")
    title: str
    media: str | None
    edits: list[WordsChanged]


class ChangesPage(AnswerAsOf):
    """A page of changes, in the order in which the archive learnt them."""

    items: list[ChangeEvent]
    next: int = Field(description="`after` of the next page, also when there is none yet.")
    more: bool = Field(description="Whether there are changes after this page.")


class SecuritySummary(AnswerPart):
    """A security and the number of articles that name it."""

    code: str
    name: str = Field(description="Name at the time of the question.")
    articles: int


class NamedSecurities(AnswerAsOf):
    """The securities that a text names, the best first."""

    items: list[SecuritySummary]


class CountedArticles(AnswerPart):
    """A number of articles: of a day, a month, an hour or a media."""

    key: str
    articles: int


class SecurityTimeline(SecuritySummary):
    """A security and the number of articles that name it, over time."""

    as_of: AwareDatetime | None
    timeline: list[CountedArticles]


class MediaPage(AnswerAsOf):
    """A page of media with their numbers of articles, by name."""

    items: list[CountedArticles]
    next: str | None


class DaySummary(SearchPage):
    """A day: its number of articles by hour and by media, and a page of them."""

    day: str
    hours: list[CountedArticles]
    media: list[CountedArticles]


class SourceSummary(AnswerPart):
    """A source, its articles and its last crawl."""

    source: str
    articles: int
    newest: AwareDatetime | None = Field(description="When its newest article was stored.")
    last_crawl: AwareDatetime | None = Field(description="When its last crawl ended.")
    last_success: AwareDatetime | None
    status: int | None = Field(description="Exit status of its last crawl.")


class SourceList(AnswerAsOf):
    """All sources, by name."""

    items: list[SourceSummary]


class LocatedQuote(AnswerPart):
    """A version that has a sentence, and the evidence for it."""

    id: str
    edition: str
    version: int
    title: str
    seen_from: AwareDatetime
    seen_until: AwareDatetime | None
    start: int = Field(description="Character of the text at which the sentence begins.")
    path: str
    sha256: str = Field(description="Hash of the version's file.")
    captures: list[CapturePlace]


class QuotePlaces(AnswerAsOf):
    """The versions that have a sentence, the newest article first."""

    items: list[LocatedQuote]

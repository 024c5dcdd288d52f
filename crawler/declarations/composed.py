"""An article of a declared source, composed of what a list and a page hold of it."""

from dataclasses import dataclass

from archive.article_id import ArticleId
from crawler.declarations.articles import ArticleFacts
from crawler.declarations.bodies import Body
from crawler.declarations.identity import article_id
from crawler.declarations.lists import Entry
from crawler.declarations.mentions import Mention
from crawler.declarations.model import Declaration
from crawler.declarations.times import Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredArticle:
    """An article of a declared source; None where the source does not hold something.

    :param source: the name of the declaration.
    :param address: of its page.
    :param layout: the layout, or the extraction, that its body was read by; None for one that the
        list held.
    :param complete: whether the body is whole.
    """

    id: ArticleId
    source: str
    lang: str
    address: str | None
    title: str | None
    published: Moment | None
    modified: Moment | None
    media: str | None
    author: str | None
    digest: str | None
    body: Body
    pictures: tuple[str, ...]
    securities: tuple[Mention, ...]
    tags: tuple[str, ...]
    important: bool
    paid: bool
    layout: str | None
    complete: bool


def composed(
    declaration: Declaration, entry: Entry, facts: ArticleFacts | None = None, *, space: str = ""
) -> DeclaredArticle | None:
    """Compose an article; what its page holds comes before what the list holds.

    A time that the page states to the day is left to the list, where that has it to the second.

    :param facts: of its page, where one was asked for.
    :returns: None where neither holds a body.
    :raises Refused: when it has neither an id nor an address.
    """
    body = facts.body if facts else entry.body
    if body is None or not body.text:
        return None
    published = facts.published if facts else None
    if published is None or published.precision > (entry.published or published).precision:
        published = entry.published or published
    return DeclaredArticle(
        id=article_id(declaration, entry.id, entry.address, space=space),
        source=declaration.name,
        lang=declaration.lang,
        address=(facts.address if facts else None) or entry.address,
        title=(facts.title if facts else None) or entry.title,
        published=published,
        modified=(facts.modified if facts else None) or entry.modified,
        media=(facts.media if facts else None) or entry.media,
        author=(facts.author if facts else None) or entry.author,
        digest=(facts.digest if facts else None) or entry.digest,
        body=body,
        pictures=facts.pictures if facts else entry.pictures,
        securities=(facts.securities if facts else ()) or entry.securities,
        tags=(facts.tags if facts else ()) or entry.tags,
        important=entry.important,
        paid=entry.paid or (facts is not None and facts.paid),
        layout=facts.layout if facts else None,
        complete=facts.complete if facts else True,
    )

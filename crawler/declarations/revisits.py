"""An archived article of a declared source, whose page is requested once more."""

from dataclasses import replace

from archive.article import Article, ArticleFlag, Found, Precision
from crawler.declarations.identity import native_id
from crawler.declarations.lists import Entry
from crawler.declarations.model import Declaration
from crawler.declarations.times import Moment, TimeUnit


def entry_of(declaration: Declaration, archived: Article) -> Entry:
    """Return what a list would state of an archived article."""
    pages_know = any(layout.fields.paid for layout in declaration.articles.values())
    unit = (
        TimeUnit[archived.precision.name] if archived.precision is not Precision.FETCHED else None
    )
    return Entry(
        id=native_id(declaration.identity, archived.link),
        address=archived.link,
        title=archived.title,
        published=Moment(archived.published, unit) if unit is not None else None,
        media=archived.media,
        author=archived.author,
        digest=archived.digest,
        tags=archived.keywords,
        modified=Moment(archived.modified, TimeUnit.SECOND) if archived.modified else None,
        important=ArticleFlag.IMPORTANT in archived.flags,
        paid=ArticleFlag.PAID in archived.flags and not pages_know,
    )


def with_listed(article: Article, archived: Article) -> Article:
    """Return an article with the securities that only its list had named before."""
    listed = (mention for mention in archived.securities if mention.found is Found.FIELD)
    by_code = {mention.code: mention for mention in (*article.securities, *listed)}
    known = {mention.code: mention for mention in article.securities}
    return replace(article, securities=tuple((by_code | known).values()))

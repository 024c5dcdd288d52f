"""Read a saved answer of a source, whatever it is of, and return it as JSON has it."""

from crawler.declarations.answers import Answer
from crawler.declarations.facts import Facts, facts_of_article, facts_of_list
from crawler.declarations.lists import read_list
from crawler.declarations.model import Declaration
from crawler.declarations.places import list_at
from crawler.declarations.redaction import redacted
from crawler.extraction.fallback import read_or_extract
from crawler.extraction.page import extract


def read_saved(declaration: Declaration, answer: Answer) -> Facts:
    """Read an answer as the list or the article that its address names.

    :raises AnswerError: when it cannot be read.
    """
    answer = redacted(declaration, answer)
    if name := list_at(declaration, answer.address):
        page = read_list(declaration, name, answer)
        return {"list": name, **facts_of_list(declaration.lists[name], page)}
    return facts_of_article(read_or_extract(declaration, answer))


def read_undeclared(answer: Answer) -> Facts:
    """Extract the article of a page of any source.

    :raises ExtractionError: when it holds none.
    """
    article = extract(answer)
    return {
        "kind": "article",
        "layout": article.layout,
        "title": article.title,
        "published": str(article.published) if article.published else None,
        "media": article.media,
        "author": article.author,
        "body_html": article.body.html,
        "body_text": article.body.text,
        "pictures": list(article.pictures),
        "lang": article.lang,
    }

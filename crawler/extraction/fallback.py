"""Read an article by its declaration, and by extraction where the declaration leaves it to that."""

from dataclasses import replace

from crawler.declarations.answers import Answer
from crawler.declarations.articles import ArticleFacts, read_article
from crawler.declarations.errors import UnreadableAnswer
from crawler.declarations.identity import native_id
from crawler.declarations.model import Declaration
from crawler.extraction.page import ExtractionError, extract


def read_or_extract(declaration: Declaration, answer: Answer) -> ArticleFacts:
    """Read an answer as an article, by a layout of the declaration or by extraction.

    :raises AnswerError: when it cannot be read.
    :raises ExtractionMissing: when the library for extraction is not installed.
    """
    try:
        return read_article(declaration, answer)
    except UnreadableAnswer as error:
        if not declaration.extract:
            raise
        try:
            found = extract(answer, declaration.tzinfo)
        except ExtractionError as failed:
            if declaration.articles:
                raise error from None
            part = f"{declaration.name}: extract"
            raise UnreadableAnswer(answer.address, part, failed.what) from None
    return replace(found, id=native_id(declaration.identity, answer.address))

"""Read an article by its declaration, and by extraction where the declaration leaves it to that."""

from crawler.declarations.answers import Answer
from crawler.declarations.articles import ArticleFacts, read_article
from crawler.declarations.bodies import Body
from crawler.declarations.errors import UnreadableAnswer
from crawler.declarations.identity import native_id
from crawler.declarations.model import Declaration
from crawler.extraction.page import ExtractionError, extract


def read_or_extract(declaration: Declaration, answer: Answer) -> ArticleFacts:
    """Read an answer as an article, by a layout of the declaration or by extraction.

    The layout of an extracted article is the name and version of what extracted it.

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
    return ArticleFacts(
        layout=found.method,
        id=native_id(declaration.identity, answer.address),
        address=answer.address,
        title=found.title,
        published=found.published,
        modified=None,
        media=found.media,
        author=found.author,
        digest=None,
        body=Body(found.html, found.text, found.pictures),
        pictures=found.pictures,
        securities=(),
        tags=(),
        paid=False,
        complete=True,
    )

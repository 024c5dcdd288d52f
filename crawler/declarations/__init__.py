"""Sources that a table of facts describes: the table's model, and reading saved answers by it."""

from crawler.declarations.answers import Answer
from crawler.declarations.articles import ArticleFacts, read_article
from crawler.declarations.errors import (
    AnswerError,
    InvalidDeclaration,
    MissingArticle,
    RefusedAnswer,
    UnreadableAnswer,
)
from crawler.declarations.lists import Entry, ListAnswer, read_list
from crawler.declarations.loading import load, load_all, load_each
from crawler.declarations.model import Declaration

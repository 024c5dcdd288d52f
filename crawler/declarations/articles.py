"""Read an article."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from crawler.declarations.answers import Answer, document_in, text_of
from crawler.declarations.bodies import Body, body_of
from crawler.declarations.errors import AnswerError, MissingArticle, RefusedAnswer, UnreadableAnswer
from crawler.declarations.fields import ArticleFields
from crawler.declarations.identity import native_id
from crawler.declarations.mentions import mentions_of
from crawler.declarations.model import Declaration, Layout
from crawler.declarations.paths import PathError, find_all
from crawler.declarations.reading import Scope, check_success
from crawler.declarations.refusals import refused


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleFacts(ArticleFields):
    """What an answer holds of an article.

    :param layout: the part of the declaration by which it was read.
    :param complete: whether the body is whole.
    :param next: the address of the article's next page.
    """

    layout: str
    body: Body
    complete: bool
    next: str | None = None


def read_article(declaration: Declaration, answer: Answer) -> ArticleFacts:
    """Read an answer as an article, by the first layout that describes it.

    :raises RefusedAnswer: when the source refuses.
    :raises MissingArticle: when the source reports that it has no such article.
    :raises UnreadableAnswer: when no layout describes the answer.
    """
    unread: AnswerError | None = None
    for name, layout in layouts_of(declaration, answer.address):
        try:
            return _read(declaration, name, layout, answer)
        except UnreadableAnswer as error:
            unread = unread or error
    raise unread or UnreadableAnswer(
        answer.address, declaration.name, "no layout of its articles is for such an address"
    )


def layouts_of(declaration: Declaration, address: str) -> Iterator[tuple[str, Layout]]:
    """Yield the layouts that an answer from an address may have, with their names."""
    host = urlsplit(address).hostname
    for name, layout in declaration.articles.items():
        if layout.matches is not None:
            fits = re.search(layout.matches, address) is not None
        else:
            fits = layout.address is None or urlsplit(layout.address).hostname == host
        if fits:
            yield name, layout


def _read(declaration: Declaration, name: str, layout: Layout, answer: Answer) -> ArticleFacts:
    part = f"{declaration.name}: articles.{name}"
    try:
        text = text_of(answer, layout.encoding)
        if reason := refused(declaration, answer, text):
            raise RefusedAnswer(answer.address, part, reason)
        document = document_in(text, layout.format, layout.inside)
        if layout.missing and any(find_all(document, layout.missing)):
            raise MissingArticle(answer.address, part, "the source has no such article")
        check_success(document, layout.succeeded)
        scope = Scope(
            entry=document,
            answer=document,
            address=answer.address,
            base=answer.address,
            zone=declaration.tzinfo,
            page=text,
            fetched=answer.fetched,
        )
        return _facts(declaration, name, layout, scope)
    except PathError as error:
        raise UnreadableAnswer(answer.address, part, str(error)) from error


def _facts(declaration: Declaration, name: str, layout: Layout, scope: Scope) -> ArticleFacts:
    fields = layout.fields
    title = scope.line(fields.title)
    written = scope.markup(fields.body)
    if title is None or written is None:
        raise PathError("it has no title" if title is None else "it has no body")
    address = scope.link(fields.address) or scope.address
    body = body_of(declaration, written, address, layout)
    return ArticleFacts(
        layout=name,
        id=scope.line(fields.id) or native_id(declaration.identity, address),
        address=address,
        title=title,
        published=scope.time("published", fields.published),
        modified=scope.time("modified", fields.modified),
        media=scope.line(fields.media),
        author=scope.line(fields.author),
        digest=scope.text(fields.digest),
        body=body,
        pictures=tuple(dict.fromkeys((*body.pictures, *scope.links(fields.pictures)))),
        securities=mentions_of(declaration, scope, fields.securities, body),
        tags=tuple(dict.fromkeys(scope.texts(fields.tags))),
        paid=scope.true(fields.paid),
        complete=scope.true(fields.complete) if fields.complete else True,
        next=scope.link(layout.next),
    )


def joined(before: ArticleFacts | None, page: ArticleFacts) -> ArticleFacts:
    """Return what the pages of an article hold.

    :param before: of the pages before; None for the first.
    """
    if before is None:
        return page
    return replace(
        before,
        body=before.body.followed_by(page.body),
        pictures=tuple(dict.fromkeys((*before.pictures, *page.pictures))),
        securities=tuple(dict.fromkeys((*before.securities, *page.securities))),
        complete=before.complete and page.complete,
        next=page.next,
    )

"""The way of a declared article from the list that names it to an item.

1. A list, the user or an earlier crawl names an article: a `PendingArticle`.
2. A list may have it as a whole: `_of_list`. Otherwise `_first_page` requests its page.
3. `parse_article` reads the page; `article_failed` is called where there is none.
4. `_item` yields the article. Without a page, the text of its list stands in for it.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import ClassVar

from pydantic import BaseModel
from scrapy import Request
from scrapy.http import Response
from scrapy.settings import BaseSettings
from twisted.python.failure import Failure

from archive.addresses import InvalidAddress
from archive.article import Article, BodySource
from archive.article_id import ArticleId
from archive.catalog import PostRow
from archive.content.lexicon import Lexicon
from archive.errors import ArchiveError, InvalidArticle, Refused
from crawler.arguments import HOSTS, LISTS, DeclaredArguments
from crawler.declarations import (
    Answer,
    AnswerError,
    Declaration,
    Entry,
    MissingArticle,
    UnreadableAnswer,
)
from crawler.declarations.addresses import article_address, is_own, layout_at
from crawler.declarations.articles import ArticleFacts
from crawler.declarations.composed import composed, to_article
from crawler.declarations.identity import article_id, native_id, rewritten
from crawler.declarations.redaction import redacted
from crawler.declarations.revisits import entry_of, with_listed
from crawler.declared_answers import answer_of
from crawler.extraction.container import ExtractionMissing
from crawler.extraction.fallback import read_or_extract
from crawler.failures import is_answer, reason_of
from crawler.items import Checked, Gone, Item
from crawler.listed_facts import ListedEntry
from crawler.middlewares.capture import capture_of
from crawler.request_meta import ANSWERS_JSON, ARTICLE, EDITION, LISTED, REVISIT, STAGE
from crawler.session import RequestedArticle
from crawler.spiders.base import GONE, BaseSpider, request_of, status_of
from crawler.spiders.declared_lists import PendingArticle
from crawler.tally import Fate

#: The most pages of one article.
_MOST_PAGES = 20

#: Key of the stats: entries that are left out, by reason.
SKIPPED = "entry/skipped/"
_NO_PAGE = "it has no page at a host of the source"


class DeclaredArticleSpider(BaseSpider):
    """Base of the spiders of declared sources: it requests and reads articles that are named."""

    arguments: ClassVar[type[BaseModel]] = DeclaredArguments
    declaration: ClassVar[Declaration]
    custom_settings = {  # noqa: RUF012 (Scrapy declares it as it is)
        "FINEWS_ONE_SLOT": True,
        "DOWNLOAD_DELAY_JITTER": 0,
        "FINEWS_REVISITS": 20,
    }

    def __init__(self, name: str | None = None, **arguments: str) -> None:
        super().__init__(name, **arguments)
        context = {LISTS: tuple(self.declaration.lists), HOSTS: self.declaration.hosts}
        self.args = DeclaredArguments.model_validate(arguments, context=context)
        self._met: set[ArticleId] = set()

    @classmethod
    def update_settings(cls, settings: BaseSettings) -> None:
        """Set the pace of the source's manners; all of its hosts share it."""
        super().update_settings(settings)
        for name in ("DOWNLOAD_DELAY", "AUTOTHROTTLE_START_DELAY"):
            settings.set(name, cls.declaration.manners.delay, priority="spider")

    @property
    def is_whole(self) -> bool:
        """Whether the crawl is neither `since` a day, nor of some `pages` or articles only."""
        return self.args.since is None and self.args.pages is None and not self.args.url

    @property
    def by_name(self) -> bool:
        """Whether the user named the articles: later crawls do not retry those that fail."""
        return bool(self.args.url)

    @cached_property
    def _lexicon(self) -> Lexicon:
        """The names of securities that the archive has learnt, and those of the user's file."""
        path = self.settings["FINEWS_LEXICON"]
        return self.session.archive.lexicon().completed(Path(path) if path else None)

    # Articles that are named.

    def found(self, known_as: ArticleId, listed: ListedEntry) -> Iterator[Request | Item]:
        """Yield an article that a list has as a whole, or the request for its page, once."""
        if known_as not in self._met:
            self._met.add(known_as)
            yield from self._listed(known_as, listed)

    def _listed(self, known_as: ArticleId, listed: ListedEntry) -> Iterator[Request | Item]:
        table = self.declaration.lists[listed.list]
        pending = PendingArticle(id=known_as, entry=listed.entry, space=table.space, listed=listed)
        if table.whole or listed.entry.locked:
            yield from self._of_list(pending)
        else:
            yield from self._first_page(replace(pending, revisit=self._may_improve(known_as)))

    def _may_improve(self, known_as: ArticleId) -> bool:
        """Return whether an archived body is a list's, and it is time to request the page."""
        stored = self.session.archive.stored_body(known_as)
        has_layout = bool(self.declaration.articles)
        if not has_layout or stored is None or stored.body_source != BodySource.LIST:
            return False
        share = self.settings.getfloat("FINEWS_INTERVAL_SHARE")
        own, now = BodySource.PAGE, self.session.now()
        return stored.source_to_improve(own, own=own, share=share, now=now) is not None

    def _of_list(self, pending: PendingArticle) -> Iterator[Article]:
        """Yield an article with the body that its list has, if it is new or was changed since."""
        session, known_as = self.session, pending.id
        if session.archive.has(known_as):
            session.tally.note(known_as, Fate.UNCHANGED)
            if not self._was_changed(pending):
                return
        elif self._is_waiting(known_as):
            session.tally.note(known_as, Fate.WAITING)
            return
        else:
            session.request(known_as, RequestedArticle(listed=pending.listed))
        yield from self._item(pending, None)

    def _was_changed(self, pending: PendingArticle) -> bool:
        """Return whether a list shows that its own, archived text of an article was changed."""
        row, entry = self.session.archive.row_of(pending.id), pending.entry
        if row is None or row.body_source != BodySource.LIST:
            return False
        checked = datetime.fromisoformat(row.checked)
        is_modified = entry.modified is not None and entry.modified.time > checked
        is_unlocked = bool(row.missing) and not entry.locked
        return is_modified or is_unlocked or entry.title not in (None, row.title)

    def _is_waiting(self, known_as: ArticleId) -> bool:
        return self.is_whole and self.session.archive.crawl_state.is_waiting(
            known_as,
            self.session.now(),
            share=self.settings.getfloat("FINEWS_INTERVAL_SHARE"),
            attempts=self.settings.getint("FINEWS_ATTEMPTS"),
        )

    def named(self, address: str) -> Request:
        """Return the request for an article that the user named."""
        entry = Entry(id=native_id(self.declaration.identity, address), address=address)
        pending = PendingArticle(id=self.known_as(entry, ""), entry=entry)
        return self._page_request(pending, self._address_of(entry) or address)

    def _first_page(self, pending: PendingArticle) -> Iterator[Request]:
        """Yield the request for the first page of an article, if that is at one of the hosts."""
        address = self._address_of(pending.entry)
        if address is None:
            self.count(f"{SKIPPED}{_NO_PAGE}")
            return
        if pending.revisit:
            self.count("article/looked_at")
        yield self._page_request(pending, address)

    def _address_of(self, entry: Entry) -> str | None:
        """Return the address of an article's page; None where it is at none of the hosts."""
        address = article_address(self.declaration, entry, self.session.now())
        return address if address and is_own(self.declaration, address) else None

    def _page_request(self, pending: PendingArticle, address: str) -> Request:
        layout = layout_at(self.declaration, address)
        return Request(
            address,
            self.parse_article,
            errback=self.article_failed,
            headers=dict(layout.headers) if layout else {},
            meta={
                ARTICLE: pending.id,
                EDITION: None,
                STAGE: f"page {len(pending.pages)}",
                LISTED: pending.listed,
                ANSWERS_JSON: layout is not None and layout.is_bare_json,
                REVISIT: pending.revisit,
            },
            cb_kwargs={"pending": pending},
        )

    def parse_article(
        self, response: Response, pending: PendingArticle
    ) -> Iterator[Request | Item]:
        """Yield the article of a page, or the request for its next page."""
        try:
            facts = read_or_extract(self.declaration, self.answer(response))
        except (AnswerError, ExtractionMissing) as error:
            yield from self._without_page(pending, _reason(error), str(error))
            return
        pending = pending.with_page(facts, response.url, capture_of(response))
        if facts.next and facts.next not in pending.pages:
            if len(pending.pages) < _MOST_PAGES:
                yield self._page_request(pending, facts.next)
                return
            self.logger.warning("%s has more than %d pages.", pending.id, _MOST_PAGES)
        yield from self._item(pending, pending.facts)

    def article_failed(self, failure: Failure) -> Iterator[Item]:
        """Take the text of the list, where the page of an article has no answer."""
        pending: PendingArticle = request_of(failure).cb_kwargs["pending"]
        reason, sentence = reason_of(failure)
        is_gone = status_of(failure) in GONE
        yield from self._without_page(pending, reason, sentence, is_gone=is_gone)

    def _without_page(
        self, pending: PendingArticle, reason: str, sentence: str, *, is_gone: bool = False
    ) -> Iterator[Item]:
        """Yield the article with its list's text, or record that its page gave no article."""
        is_gone = is_gone or reason == MissingArticle.reason
        if pending.revisit:
            self.logger.info("%s is not revisited: %s", pending.id, sentence)
            if is_answer(reason):
                yield Gone(pending.id) if is_gone else Checked(pending.id, settled=False)
        elif pending.entry.body is not None and not is_gone:
            if reason == UnreadableAnswer.reason:
                self.failures.stands_in(pending.id, sentence)
            yield from self._item(pending, None)
        else:
            fate = Fate.GONE if is_gone else Fate.FAILED
            self.failures.of_article(pending.id, reason, sentence, fate=fate)

    def _item(self, pending: PendingArticle, facts: ArticleFacts | None) -> Iterator[Article]:
        """Yield what the archive stores of an article.

        :param facts: of its page; None for an article with the body of its list.
        """
        try:
            found = composed(self.declaration, pending.entry, facts, space=pending.space)
            if found is None:
                raise InvalidArticle(f"{pending.id} has no text")
            row = self.session.archive.row_of(pending.id)
            article = to_article(
                replace(found, id=pending.id),
                self.declaration,
                fetched=datetime.fromisoformat(row.published) if row else self.session.now(),
                addresses=pending.all_addresses,
                captures=pending.all_captures,
                lexicon=self._lexicon,
            )
            if pending.archived is not None:
                article = with_listed(article, pending.archived)
            yield replace(article, body_provisional=facts is None and self._has_page(pending))
        except Refused as error:
            self.failures.of_article(pending.id, "refused", f"{error}.")

    def _has_page(self, pending: PendingArticle) -> bool:
        """Return whether an article has a page with a better body than its list has."""
        listed = pending.listed
        is_whole = listed is not None and (
            self.declaration.lists[listed.list].whole or listed.entry.locked
        )
        return bool(self.declaration.articles) and not is_whole

    def known_as(self, entry: Entry, space: str) -> ArticleId:
        """Return the id of an article, under which another list may have led to it before.

        The address of an entry that has an id counts only where it is an article's: entries of
        flash news may share the address of a page that is none.

        :raises Refused: when it has neither an id nor an address.
        """
        identity, address = self.declaration.identity, entry.address
        own = article_id(self.declaration, entry.id, address, space=space)
        is_shared = entry.id is not None and native_id(identity, address) is None
        if address is None or is_shared or self.session.archive.has(own):
            return own
        return self._archived_at(address) or own

    def _archived_at(self, address: str) -> ArticleId | None:
        try:
            return self.session.archive.article_at(rewritten(self.declaration.identity, address))
        except InvalidAddress:
            return None

    # Articles of earlier crawls.

    def failed_before(self) -> Iterator[Request | Item]:
        """Yield requests for articles of this source that failed in earlier crawls."""
        failures = [
            (failed, listed)
            for failed in self.session.archive.crawl_state.failures()
            if failed.listed and (listed := ListedEntry.of_json(failed.listed))
            if listed.source == self.name
        ]
        self.warn_of_given_up([failed for failed, _ in failures])
        for failed, listed in failures:
            if listed.list in self.declaration.lists:
                yield from self._listed(failed.info_code, listed)

    def due_revisits(self) -> Iterator[Request | Item]:
        """Yield requests for archived articles that may have changed."""
        for row in self.due_rows(self.name):
            yield from self._revisit(row)

    def _revisit(self, row: PostRow) -> Iterator[Request | Item]:
        """Yield the request for the page of an archived article."""
        known_as = ArticleId(row.info_code)
        try:
            article = next(iter(self.session.archive.editions_of(known_as)))
        except (ArchiveError, InvalidArticle) as error:
            self.failures.of_post(known_as, error)
            yield Checked(known_as, settled=True)
            return
        yield from self._first_page(
            PendingArticle(
                id=known_as,
                entry=entry_of(self.declaration, article),
                archived=article,
                revisit=True,
            )
        )

    # What all of them share.

    def answer(self, response: Response) -> Answer:
        """Return an answer as it is parsed: without what the declaration never stores."""
        return redacted(self.declaration, answer_of(response, self.session.now()))


def _reason(error: AnswerError | ExtractionMissing) -> str:
    """Return a word for the statistics: why an answer gives nothing."""
    return "extraction" if isinstance(error, ExtractionMissing) else error.reason

"""Stops requests to a host that refuses this machine, or that does not answer.

Failures of hosts are counted only here. They are counted when they happen, next to the network, and
not when the retries of a request are used up: Scrapy sends retries after all waiting requests.

- One 403, 412, 429, long Retry-After, captcha, or page instead of data is a refusal.
- Cut connections and empty answers in a row are a refusal, too: Eastmoney bans in this way.
- Other failures in a row (status 5xx, no address, no connection, no answer in time) mean that the
  host is silent.
- Requests in a row without a picture mean that the host has none for this crawl.
- What a declaration states as a sign of refusal is one for its source.
- A host that refuses by cut connections or captchas blocks its family (``[families]`` in
  ``sources.toml``, or ``family`` in its declaration), if it has answered within a week and no other
  host of the family has answered since the refusals began. A host that never answered is dead; the
  others may be alive.
"""

import logging
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import partial
from pathlib import Path
from typing import Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import DownloadCancelledError
from scrapy.http import Response
from scrapy.utils.httpobj import urlparse_cached

from archive.crawl_state import CrawlState
from crawler.declarations.refusals import refused
from crawler.declared_answers import answer_of
from crawler.exit_status import SHARE_ANSWERED
from crawler.network_errors import HostBlocked, is_cut, why
from crawler.refusals import refusal_in
from crawler.request_meta import ANSWERS_JSON, PICTURE, SHARE_HOST
from crawler.session import Component, declaration_of
from crawler.sources import Sources

logger = logging.getLogger(__name__)

#: Statuses that are refusals, statuses that may have a Retry-After, and the first server error.
_BLOCKING = {403, 412, 429}
_BUSY = {429, 503}
_SERVER_ERROR = 500

#: Requests in a row without a picture, after which a crawl sends no more to the host.
_MAX_WITHOUT_PICTURE = 3


@dataclass(slots=True)
class _Row:
    """Failures of a host in a row.

    :param since: the time of the first.
    :param length: their number.
    :param cut: how many of them were cut connections or empty answers.
    """

    since: datetime
    length: int = 0
    cut: int = 0


class CircuitBreaker(Component):
    """Blocks hosts, and stores the blocks in the archive's crawl state for later crawls.

    A block lasts ``FINEWS_BREAKER_SECONDS``; each further one within a day lasts twice as long, up
    to ``FINEWS_BREAKER_MAX_SECONDS``. Then one request tests whether the host answers again. The
    crawl waits for a Retry-After (RFC 9110, section 10.2.3) of up to
    ``FINEWS_RETRY_AFTER_MAX_SECONDS``; a longer one is a block of that time, up to the maximum.

    A host is silent after ``FINEWS_SILENT_AFTER_FAILURES`` failures in a row, and after twice as
    many where it has answered before in this crawl.

    Stats: ``breaker/refused/<host>`` and ``breaker/silent/<host>``, a sentence each;
    ``breaker/share/<host>``, the last answer of a share host that is one of these;
    ``breaker/share_answered``, whether any share host answered; ``breaker/left_alone``.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        settings = crawler.settings
        self._first = timedelta(seconds=settings.getfloat("FINEWS_BREAKER_SECONDS"))
        self._longest = timedelta(seconds=settings.getfloat("FINEWS_BREAKER_MAX_SECONDS"))
        self._max_failures = settings.getint("FINEWS_SILENT_AFTER_FAILURES")
        self._longest_wait = timedelta(seconds=settings.getfloat("FINEWS_RETRY_AFTER_MAX_SECONDS"))
        self._declaration = declaration_of(crawler)
        families = Sources.load(Path(settings["FINEWS_SOURCES"])).families.values()
        own = (self._declaration.family,) if self._declaration else ()
        self._families = (*families, *own)
        self._rows: dict[str, _Row] = {}
        self._answered: set[str] = set()
        self._silent: dict[str, str] = {}
        self._no_picture: Counter[str] = Counter()

    @classmethod
    def of(cls, crawler: Crawler) -> Self:
        """Return the breaker of a crawl, whose extensions are built."""
        breaker = crawler.get_extension(cls)
        assert breaker is not None, "EXTENSIONS has no CircuitBreaker"
        return breaker

    def check(self, request: Request) -> None:
        """Let a request pass.

        :raises HostBlocked: when its host is blocked.
        """
        host = _host_of(request)
        block = self._state.block_of(host, self.session.now())
        sentence = str(block) if block else self._silent.get(host)
        if sentence is None:
            return
        self.stats.inc_value("breaker/left_alone")
        refused = block is not None and block.refused
        kind = "refused" if refused else "silent"
        self._note(request, kind, block.host if block else host, sentence)
        raise HostBlocked(sentence, refused=refused)

    def has_answered(self, request: Request) -> bool:
        """Return whether the request's host has answered in this crawl."""
        return _host_of(request) in self._answered

    def watching(self, request: Request) -> ExitStack:
        """Return a context that counts an error of the request that is sent in it."""
        watching = ExitStack()
        watching.push(partial(self._no_answer, request))
        return watching

    def _no_answer(
        self, request: Request, _: object, error: BaseException | None, __: object
    ) -> None:
        """Count a request without an answer."""
        if not isinstance(error, Exception) or isinstance(error, DownloadCancelledError):
            return  # no error, or an answer that is too large
        cut = is_cut(error)
        # A host may fail for robots.txt only, and answer with pages.
        if cut or not _is_robots(request):
            self._failed(request, why(error), cut=cut, reached=cut)

    def count_answer(self, request: Request, response: Response, *, last: bool) -> timedelta:
        """Count an answer as a refusal, a failure or a success.

        :param last: the request is not sent again, whatever the answer is.
        :returns: how long to wait before the request is sent again; zero if it is not.
        """
        if _is_robots(request):
            return timedelta()
        wait = _retry_after(response, self.session.now()) if response.status in _BUSY else None
        if wait and wait <= self._longest_wait and not last:
            return wait
        refusal = _refusal(request, response)
        if refusal is not None:
            self._refused(request, f"it answered with {refusal}", may_block_family=True)
        elif wait:
            reason = f"it answered {response.status} and asks to wait {wait}"
            self._refused(request, reason, at_least=min(wait, self._longest))
        elif response.status in _BLOCKING:
            self._refused(request, f"it answered {response.status}")
        elif response.status >= _SERVER_ERROR:
            self._failed(request, f"status {response.status}", cut=False, reached=True)
        elif response.status == 200 and not response.body:
            self._failed(request, "an empty answer", cut=True, reached=True)
        else:
            self._has_answered(request)
        return timedelta()

    def check_body(self, request: Request, response: Response) -> None:
        """Check a decompressed answer for a refusal, which is not visible while it is compressed.

        :raises HostBlocked: when the answer is a refusal.
        """
        if _is_robots(request):
            return
        refusal = _refusal(request, response)
        reason = f"it answered with {refusal}" if refusal else None
        if reason is None and self._declaration is not None and PICTURE not in request.meta:
            text = response.body.decode("utf-8", "replace")
            reason = refused(self._declaration, answer_of(response), text)
        if reason is not None:
            self._refused(request, reason, may_block_family=True)
            self.check(request)

    def count_picture(self, request: Request, *, stored: bool) -> None:
        """Count a request for a picture; its host may answer without one."""
        host = _host_of(request)
        self._no_picture[host] = 0 if stored else self._no_picture[host] + 1
        if self._no_picture[host] == _MAX_WITHOUT_PICTURE:
            self._silence(request, f"it gave no picture {_MAX_WITHOUT_PICTURE} times in a row")

    def _has_answered(self, request: Request) -> None:
        host = _host_of(request)
        self._answered.add(host)
        self._rows.pop(host, None)
        self._state.answered(host, self.session.now())
        if request.meta.get(SHARE_HOST):
            self.stats.set_value(SHARE_ANSWERED, 1)

    def _failed(self, request: Request, answer: str, *, cut: bool, reached: bool) -> None:
        """Count one more failure in a row.

        :param answer: what the host answered, or why not, as the end of a sentence.
        :param cut: the host cut the connection, or the answer was empty.
        :param reached: there was a connection, so this machine has a network.
        """
        host, now = _host_of(request), self.session.now()
        on_trial = self._on_trial_since(host, now, cut=cut) is not None
        row = self._rows.setdefault(host, _Row(now))
        row.length += 1
        row.cut += cut
        most = self._max_failures * (2 if host in self._answered else 1)
        if row.length < (1 if on_trial else most):
            return
        if row.cut == row.length:
            times = f" {row.length} times in a row" if row.length > 1 else ""
            reason = f"it cut the connection or sent nothing{times}"
            self._refused(request, reason, may_block_family=True)
            return
        times = f" {row.length} times in a row, at last" if row.length > 1 else ""
        reason = f"it gave no answer{times}: {answer}"
        if reached or self._answered:
            self._block(request, reason, refused=False, answer=answer)
        else:  # this machine may have no network
            self._silence(request, reason, answer)

    def _silence(self, request: Request, reason: str, answer: str | None = None) -> None:
        """Block a host for the rest of this crawl only."""
        host = _host_of(request)
        self._silent[host] = f"{host} gets no more requests in this crawl: {reason}"
        self._note(request, "silent", host, self._silent[host], answer)

    def _refused(
        self,
        request: Request,
        reason: str,
        *,
        may_block_family: bool = False,
        at_least: timedelta | None = None,
    ) -> None:
        host, now = _host_of(request), self.session.now()
        family = next((name for name in self._families if host.endswith(name[1:])), None)
        row = self._rows.get(host)
        since = self._state.on_trial_since(host, now) or (row.since if row else now)
        if (
            may_block_family
            and family is not None
            and self._state.answered_lately(host, now)
            and not self._state.answered_since(family, since, but=host)
        ):
            self._block(request, f"{host} refuses: {reason}", name=family)
        self._block(request, reason, at_least=at_least)

    def _block(
        self,
        request: Request,
        reason: str,
        *,
        name: str | None = None,
        refused: bool = True,
        at_least: timedelta | None = None,
        answer: str | None = None,
    ) -> None:
        """Store a block for this crawl and later ones.

        :param reason: the reason, as the end of a sentence.
        :param name: the family that is blocked; None for the host of the request.
        :param refused: the host refused this machine; otherwise it gave no answer.
        :param at_least: the time that the host requires.
        :param answer: what the host answered, or why not.
        """
        host = _host_of(request)
        first = max(self._first, at_least or self._first)
        longest = max(self._longest, first)
        block = self._state.block(
            name or host, reason, self.session.now(), first, longest, refused=refused
        )
        self._rows.pop(host, None)
        kind = "refused" if refused else "silent"
        self._note(request, kind, block.host, str(block), answer or reason)
        logger.warning("%s%s.", str(block)[0].upper(), str(block)[1:])

    def _on_trial_since(self, host: str, now: datetime, *, cut: bool) -> datetime | None:
        """Return when the last block of a host ended, if it has not answered since; else None."""
        families = [name for name in self._families if host.endswith(name[1:])] if cut else []
        since = (self._state.on_trial_since(name, now) for name in (host, *families))
        return next((time for time in since if time is not None), None)

    def _note(
        self, request: Request, kind: str, name: str, sentence: str, answer: str | None = None
    ) -> None:
        """Store in the stats what the verdict on the crawl names."""
        self.stats.set_value(f"breaker/{kind}/{name}", sentence)
        key = f"breaker/share/{_host_of(request)}"
        if request.meta.get(SHARE_HOST) and (answer or self.stats.get_value(key) is None):
            self.stats.set_value(key, answer or sentence)

    @property
    def _state(self) -> CrawlState:
        return self.session.archive.crawl_state


def _host_of(request: Request) -> str:
    return urlparse_cached(request).hostname or ""


def _is_robots(request: Request) -> bool:
    return urlparse_cached(request).path == "/robots.txt"


def _refusal(request: Request, response: Response) -> str | None:
    if PICTURE in request.meta:
        return None
    refusal = refusal_in(response)
    is_page = response.status == 200 and response.body.lstrip().startswith(b"<")
    if refusal is None and is_page and request.meta.get(ANSWERS_JSON):
        return "a page instead of data"
    return refusal


def _retry_after(response: Response, now: datetime) -> timedelta | None:
    """Return the time of a Retry-After, in seconds or as a date; None when it has none."""
    value = (response.headers.get("Retry-After") or b"").decode("latin-1").strip()
    if value.isascii() and value.isdigit() and len(value) < 9:
        return timedelta(seconds=int(value))
    try:
        return max(parsedate_to_datetime(value) - now, timedelta())
    except (ValueError, TypeError):
        return None

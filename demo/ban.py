"""A host that bans who asks too fast, as users of Eastmoney report."""

import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus

from demo.exchange import Answer, Request, Site

_HTML = {"Content-Type": "text/html; charset=utf-8"}
_PAGE = "<!DOCTYPE html><html><head><title>403 Forbidden</title></head><body></body></html>"


@dataclass(slots=True)
class _Visits:
    """What a host remembers: when it was called of late, and until when it answers nobody."""

    recent: deque[float] = field(default_factory=deque)
    banned_until: float = float("-inf")


def banning(
    site: Site,
    *,
    calls: int,
    within: float,
    for_: float,
    clock: Callable[[], float] = time.monotonic,
) -> Site:
    """The site, which after more than `calls` calls `within` seconds says 403 `for_` seconds.

    The call that is one too many gets the first 403. Calls during a ban neither count nor make
    it longer. One wrapped site may serve several hosts: each counts for itself.
    """
    visits: defaultdict[str, _Visits] = defaultdict(_Visits)
    counting = threading.Lock()

    def is_banned(host: str) -> bool:
        with counting:
            now, seen = clock(), visits[host]
            if now < seen.banned_until:
                return True
            seen.recent.append(now)
            while seen.recent[0] <= now - within:
                seen.recent.popleft()
            if len(seen.recent) <= calls:
                return False
            seen.recent.clear()
            seen.banned_until = now + for_
            return True

    def answer(request: Request) -> Answer:
        if is_banned(request.host):
            return Answer(HTTPStatus.FORBIDDEN, _PAGE.encode(), _HTML)
        return site(request)

    return answer

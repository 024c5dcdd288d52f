"""Make a host that bans a client which sends requests too fast, as users of Eastmoney report."""

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
    """The recent calls of a host, and the end of its ban."""

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
    """Wrap a site: after more than `calls` requests `within` seconds it answers 403.

    The ban lasts `for_` seconds and begins with the request that exceeds the limit. Requests during
    a ban neither count nor make it longer. A wrapped site may serve several hosts, each with its
    own count.
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

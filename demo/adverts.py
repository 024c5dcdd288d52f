"""Put adverts into bodies, different ones at each request."""

import re
from dataclasses import replace
from itertools import count

from demo.exchange import Answer, Request, Site

_CREDIT = re.compile(rb'<p class=(\\?)"em_media\\?">')
_ADVERTS = (
    '<p><a class="toplink" target="_blank" href="https://ai.eastmoney.com/x?c={0}">'
    "全新投研助理{0}号，立即体验</a></p>",
    '<p style="text-align:center;"><a href="https://acttg.eastmoney.com/pub/x_{0}">'
    '<img src="https://dfscdn.dfcfw.com/download/D{0}_w690h389.jpg" class="em_handle_adv_close" />'
    "</a></p>",
    "<p>想炒股，先开户！选东方财富证券，行情交易一个APP搞定>></p>",
)


def with_adverts(site: Site) -> Site:
    """Wrap a site: add an advert to each body, before the credit, in HTML or in JSON."""
    turn = count(1)

    def answer(request: Request) -> Answer:
        given = site(request)
        number = next(turn)
        advert = _ADVERTS[number % len(_ADVERTS)].format(number).encode()

        def insert(credit: re.Match[bytes]) -> bytes:
            return advert.replace(b'"', credit[1] + b'"') + credit[0]

        return replace(given, body=_CREDIT.sub(insert, given.body, count=1))

    return answer

"""Answers with status 200 that refuse: pages with a captcha, gates that set a cookie, limits."""

import json
import re

from parsel import Selector
from scrapy.http import Response

from archive.markup import without_overloaded_tags

_THIN = 8 * 1024
"""Bytes; a gate has no more than its script."""
_GATE = re.compile(
    rb"acw_sc__v2|__jsl_clearance|document\.cookie\s*=.*(?:location|reload)", re.DOTALL
)
_WIDGET = re.compile(
    r"aliyunCaptcha|aliyun_waf_|\bnc-container\b|\bnc_scale\b|\bnc_1_n1z\b"
    r"|\bgeetest_(?:panel|slider)|\bcf-turnstile\b|/cdn-cgi/challenge-platform/|\bcaptcha_img\b|^captcha$|^smsCode$"
)
_PLACES = ("@class", "@id", "@name", "@src")
"""Where a widget shows itself; an article about captchas names it in its text alone."""
_TITLE = re.compile(r"安全验证|人机验证|身份验证|访问验证|访问过于频繁|Just a moment\.\.\.")
_MESSAGES = ("message", "msg", "me", "error", "errmsg")
"""The fields of an envelope that say how a request went."""
_LIMIT = re.compile(r"频繁|验证码|captcha|too many requests|access denied", re.IGNORECASE)


def refusal_in(response: Response) -> str | None:
    """Return what an answer asks for or says in place of what was due; None for all others.

    The words of a limit count in the envelope of a JSON answer, never in its entries.
    """
    body = response.body
    start = body.lstrip()[:1]
    if start == b"{":
        return _limit(body)
    if start != b"<" or body.lstrip().startswith(b"<?xml"):
        return None
    if len(body) <= _THIN and _GATE.search(body):
        return "a script that sets a cookie"
    text = body.decode(errors="replace")
    page = Selector(without_overloaded_tags(text) or " ", "html")
    places = page.xpath(" | ".join(f"//{place}" for place in _PLACES)).getall()
    title = page.xpath("string(//title)").get("").strip()
    if any(map(_WIDGET.search, places)) or _TITLE.fullmatch(title):
        return "a captcha"
    return None


def _limit(body: bytes) -> str | None:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return None
    messages = [answer.get(name) for name in _MESSAGES] if isinstance(answer, dict) else []
    texts = (message for message in messages if isinstance(message, str))
    return next((f"the message {text[:80]!r}" for text in texts if _LIMIT.search(text)), None)

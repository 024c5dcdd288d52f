"""Recognises answers that refuse this machine: captchas, sliders, limits.

A page is judged by its elements and scripts, never by the words of its text: an article about
captchas is an article.
"""

import json
import re
from collections.abc import Iterator, Sequence

from parsel import Selector
from scrapy.http import Response

#: Bytes of a page; a larger one is not searched for a captcha.
_MOST_BYTES = 512 * 1024
#: Bytes of an answer that is only a message or a script; a larger one has content.
_THIN_BYTES = 8 * 1024

#: Visible characters of a page that requires a captcha; an article has more.
_MOST_TEXT = 500

_CAPTCHA = re.compile(
    # Alibaba Cloud, also its older sliders; Jiasule; Geetest; Cloudflare; others
    r"captcha|aliyun_waf|\bnc_1_n1z|\bnc-container|\bnc_scale|acw_sc__v2|__jsl_clearance|geetest"
    r"|cf-turnstile|_cf_chl_opt|cdn-cgi/challenge|_Incapsula_|slide-?verify|verify-?slide",
    re.IGNORECASE,
)
_CODE_FIELD = re.compile(r"captcha|sms_?code|verif\w*_?code|checkcode|验证码", re.IGNORECASE)
_COOKIE_GATE = re.compile(r"document\.cookie\s*=.*\b(?:location|reload)\b", re.DOTALL)

_MARKS = ("//@id", "//@class", "//@name", "//form/@action", "//script/@src", "//iframe/@src")
_FIELDS = ("//form//input/@*", "//form//button//text()", "//form//img/@*")

#: A page without any of these is not parsed, to save time.
_HINT = re.compile(
    rb"captcha|aliyun|nc_1_n1z|nc-container|nc_scale|acw_sc__v2|jsl_clearance|geetest|turnstile"
    rb"|_cf_chl|challenge|incapsula|verif|code|document\.cookie|\xe9\xaa\x8c\xe8\xaf\x81",
    re.IGNORECASE,
)

_MESSAGES = ("message", "msg", "errmsg", "error", "errorMessage", "error_msg", "info", "detail")
_RISK = re.compile(
    r"频繁|频率|验证码|滑块|人机|黑名单|封禁|(?:限制|拒绝|禁止)访问|访问受限"
    r"|too many|rate.?limit|access denied|captcha",
    re.IGNORECASE,
)
#: Characters of a message that names a limit.
_LONGEST_MESSAGE = 100


def refusal_in(response: Response) -> str | None:
    """Return what an answer has instead of a page, as the end of a sentence; None if no refusal.

    :param response: a response with any status, and a body that is not compressed.
    """
    if response.headers.get("cf-mitigated") == b"challenge":
        return "a challenge"
    body = response.body.strip()
    if body.startswith(b"{"):
        return _limit_in(body)
    if body.startswith(b"<") and len(body) <= _MOST_BYTES and _HINT.search(body):
        return _captcha_in(body)
    return None


def _captcha_in(body: bytes) -> str | None:
    page = Selector(text=body.decode("utf-8", errors="replace"))
    shown = page.xpath("//body//text()[not(ancestor::script|ancestor::style|ancestor::textarea)]")
    text = "".join("".join(shown.getall()).split())
    if len(text) > _MOST_TEXT:
        return None
    scripts = "\n".join(page.xpath("//script/text()").getall())
    if _CAPTCHA.search("\n".join((*_found(page, _MARKS), scripts))):
        return "a captcha"
    if _CODE_FIELD.search("\n".join(_found(page, _FIELDS))):
        return "a captcha"
    if len(body) <= _THIN_BYTES and not text and _COOKIE_GATE.search(scripts):
        return "a script that sets a cookie"
    return None


def _found(page: Selector, paths: Sequence[str]) -> Iterator[str]:
    """Yield what each path finds. libxml2 compares all members of a union with each other."""
    for path in paths:
        yield from page.xpath(path).getall()


def _limit_in(body: bytes) -> str | None:
    """Return the limit that a JSON answer names, if it has nothing but that message."""
    if len(body) > _THIN_BYTES:
        return None
    try:
        envelope = json.loads(body)
    except (ValueError, RecursionError):
        return None
    messages = [str(envelope.pop(name, None) or "") for name in _MESSAGES]
    has_more = any(isinstance(value, str | list | dict) and value for value in envelope.values())
    for message in messages:
        if not has_more and len(message) <= _LONGEST_MESSAGE and _RISK.search(message):
            return f"the message {message!r}"
    return None

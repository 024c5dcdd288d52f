"""Answers that mean that this machine is not wanted, and articles that speak of them."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scrapy.http import Response

from crawler.refusals import refusal_in
from tests.conftest import SAMPLES
from tests.support.refusals import GOLDEN, REFUSALS

EXPECTED = json.loads((REFUSALS / "expected.json").read_text(encoding="utf-8"))["files"]
ADDRESS = "https://example.org/"


def answer(body: bytes, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(ADDRESS, status=status, headers=headers or {}, body=body)


@pytest.mark.parametrize("name", EXPECTED)
def test_a_recorded_answer_is_what_it_is(name: str) -> None:
    expected = EXPECTED[name]
    body = (REFUSALS / name).read_bytes()
    given = answer(body, expected["status"], expected["headers"])
    assert (refusal_in(given) is not None) == expected["refusal"]
    assert (refusal_in(answer(body)) is not None) == expected["refusal"]  # judged by itself


@pytest.mark.parametrize(
    "path",
    sorted(
        path
        for folder in (SAMPLES / "site", SAMPLES / "share_api", GOLDEN / "answers")
        for path in folder.rglob("*.*")
    ),
    ids=lambda path: path.name,
)
def test_no_answer_with_news_is_a_refusal(path: Path) -> None:
    assert refusal_in(answer(path.read_bytes())) is None


@pytest.mark.parametrize(
    "page",
    [
        # Words in the text are no markup, and a picture or an address may be called anything.
        "<p>aliyunCaptcha、nc_1_n1z、acw_sc__v2、__jsl_clearance 是什么？请输入验证码。</p>",
        '<meta name="description" content="获取验证码，captcha"><p>验证码短讯</p>',
        '<p>快讯</p><a href="/news/captcha.html">captcha</a><img src="/2026/captcha.png">',
        # A box to log in beside an article.
        f'<p>{"正文。" * 200}</p><form><input name="captcha"><img src="/captcha?1"></form>',
        f'<p>{"正文。" * 200}</p><script src="//o.alicdn.com/AliyunCaptcha.js"></script>',
        # A script that sets a cookie on a page with text.
        '<p>正文</p><script>document.cookie="a=1";if(x)location.reload()</script>',
        "<form action=/login>请登录</form>",
    ],
)
def test_what_only_speaks_of_captchas_is_none(page: str) -> None:
    html = f"<!DOCTYPE html><html><head><title>验证码</title></head><body>{page}</body></html>"
    assert refusal_in(answer(html.encode())) is None


@pytest.mark.parametrize(
    "page",
    [
        '<div class="g-recaptcha" data-sitekey="x"></div>',
        '<iframe src="https://geo.captcha-delivery.com/captcha/?x"></iframe>',
        '<script src="https://turing.captcha.qcloud.com/TCaptcha.js"></script>',
        '<form action="/waf"><input placeholder="请输入验证码"><img src="/code.png"></form>',
        '<script>document.cookie="k=v;path=/";window.location.reload();</script>',
        '<form><input type="text" name="verifyCode"></form>',
    ],
)
def test_others_of_the_same_kinds_are_refusals(page: str) -> None:
    assert refusal_in(answer(f"<html><body>{page}</body></html>".encode())) is not None


@pytest.mark.parametrize(
    ("envelope", "refuses"),
    [
        ({"success": 0, "message": "请求过于频繁"}, True),
        ({"code": 429, "msg": "Too Many Requests", "data": {}}, True),
        ({"code": "1", "message": "", "data": {"list": [{"title": "访问过于频繁"}]}}, False),
        ({"title": "访问过于频繁", "text": "<p>请输入验证码</p>"}, False),
        ({"message": "访问过于频繁", "text": "<p>一篇快讯</p>"}, False),
        ({"message": "success", "data": None}, False),
        ({"message": ["频繁"]}, True),
    ],
)
def test_a_limit_is_told_by_the_envelope_alone(envelope: object, refuses: bool) -> None:
    body = json.dumps(envelope, ensure_ascii=False).encode()
    assert (refusal_in(answer(body)) is not None) == refuses


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_any_bytes_are_judged(body: bytes) -> None:
    refusal_in(answer(body))
    refusal_in(answer(b"<script>captcha" + body))
    refusal_in(answer(b'{"message": "' + body))

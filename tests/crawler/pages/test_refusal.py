"""Answers that refuse, and some that only speak of it."""

import json
from pathlib import Path
from typing import Any

import pytest
from scrapy.http import Response, TextResponse

from crawler.pages.refusal import refusal_in
from tests.conftest import ROOT, SAMPLES

RECORDED = ROOT / "tests" / "golden" / "recorded"
CAPTCHAS = json.loads((RECORDED / "captcha" / "expected.json").read_text("utf-8"))["files"]


def response(path: Path) -> Response:
    return TextResponse("https://x.example/", body=path.read_bytes())


@pytest.mark.parametrize(("name", "about"), CAPTCHAS.items())
def test_a_refusal_is_known_by_its_widget_gate_or_message(name: str, about: Any) -> None:
    refusal = refusal_in(response(RECORDED / "captcha" / name))
    assert (refusal is not None) is about["refusal"]


@pytest.mark.parametrize(
    "path",
    sorted(
        path
        for folder in (SAMPLES / "site", SAMPLES / "share_api", ROOT / "tests/golden/answers")
        for path in folder.rglob("*.*")
    ),
    ids=lambda path: path.name,
)
def test_an_answer_is_no_refusal(path: Path) -> None:
    assert refusal_in(response(path)) is None


@pytest.mark.parametrize(
    "body",
    [
        '{"title": "访问过于频繁：验证码被滥用", "text": "<p>captcha</p>"}',
        '{"code": "1", "message": "success", "data": {"list": [{"message": "访问过于频繁"}]}}',
        "<html><title>网站出现“访问过于频繁”</title><p>nc_1_n1z, geetest_panel</p></html>",
        f"<p>{'长' * 4000}</p><script>document.cookie='a=1'; location.reload()</script>",
        "[1]",
        "{",
        "",
    ],
)
def test_words_of_an_article_are_no_refusal(body: str) -> None:
    assert refusal_in(TextResponse("https://x.example/", body=body.encode())) is None

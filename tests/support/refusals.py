"""Answers that refuse a crawl."""

from tests.conftest import ROOT

GOLDEN = ROOT / "tests" / "golden"

REFUSALS = GOLDEN / "recorded" / "captcha"

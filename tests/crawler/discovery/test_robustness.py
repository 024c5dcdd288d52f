"""Of any answer, a declaration is proposed that reads it, or one sentence says why not."""

import json
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from crawler.declarations.answers import Answer
from crawler.declarations.lists import read_list
from crawler.declarations.loading import load
from crawler.discovery import NothingFound, feeds_in, propose, sitemaps_named_in
from crawler.discovery.saved_pages import UnknownAddress, with_address
from tests.crawler.declarations.recorded import RECORDED
from tests.support.source_answers import ANYTHING

FETCHED = datetime(2026, 9, 30, 8, tzinfo=UTC)
ADDRESS = "https://www.caixun.example/news/?page=1"
BODIES = [
    path.read_bytes()
    for source in ("ths", "nbd", "chinanews", "people", "wscn", "sina")
    for path in sorted((RECORDED / source).iterdir())
    if path.name != "expected.json"
]


@st.composite
def bent_bodies(draw: st.DrawFn) -> bytes:
    """Return a recorded answer with a piece of it left out, doubled, or replaced."""
    body = draw(st.sampled_from(BODIES))
    start = draw(st.integers(0, len(body)))
    end = draw(st.integers(start, min(len(body), start + 2_000)))
    piece = draw(st.sampled_from([b"", body[start:end] * 2, b"<", b'"', b"{}", b"\xff", b"&#0;"]))
    return body[:start] + piece + body[end:]


JSON_BODIES = st.builds(
    lambda value: json.dumps({"data": [value, value]}).encode(),
    st.dictionaries(st.text(), ANYTHING),
)


@settings(max_examples=150)
@given(body=st.binary(max_size=300) | JSON_BODIES | bent_bodies())
@example(body=b"<ul>" + b"<li><a href='http://[x/a'>\xe4\xb8\x80\xe4\xb8\x80</a></li>" * 5)
def test_any_answer(body: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    answer = Answer(ADDRESS, body, fetched=FETCHED)
    feeds_in(answer)
    sitemaps_named_in(answer)
    with suppress(NothingFound):
        proposal = propose("caixun", [answer], [answer])
        path = tmp_path_factory.mktemp("proposed") / "caixun.toml"
        path.write_text(proposal.toml, encoding="utf-8")
        assert read_list(load(path), "news", answer) == proposal.page
        with suppress(UnknownAddress):
            assert with_address(answer, "x", proposal.entries).address


def test_addresses_with_braces_are_no_places(tmp_path: Path) -> None:
    entries = [{"id": str(number), "title": "一二三四五六"} for number in range(3)]
    answer = Answer("https://e.cn/{x}?page=1", json.dumps(entries).encode(), fetched=FETCHED)
    proposal = propose("caixun", [answer])
    assert proposal.declaration.lists["news"].address == "https://e.cn/%7Bx%7D?page={page}"


def test_keys_of_any_form_are_paths() -> None:
    odd = 'a "b" \\ 一'
    answer = Answer(
        ADDRESS, json.dumps({odd: [{odd: 1, "id": n, "title": "x"} for n in "123"]}).encode()
    )
    assert len(propose("caixun", [answer]).entries) == 3

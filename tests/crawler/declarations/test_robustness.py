"""An answer that is not what its declaration describes raises one error, which names it."""

import json
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crawler.declarations.answers import Answer
from crawler.declarations.articles import read_article
from crawler.declarations.errors import AnswerError, MissingArticle, RefusedAnswer, UnreadableAnswer
from crawler.declarations.lists import read_list
from crawler.declarations.model import Declaration
from tests.crawler.declarations.recorded import LISTS, RECORDED, answer_of
from tests.crawler.declarations.recorded import declaration as load_one

declaration = cache(load_one)
PAGES = [(source, name) for source, files in LISTS.items() for name in files]
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=5,
)


def _files() -> list[tuple[str, str, str]]:
    found = []
    for source in LISTS:
        files = json.loads((RECORDED / source / "expected.json").read_text(encoding="utf-8"))
        found += [(source, name, one["address"]) for name, one in files["files"].items()]
    return found


FILES = _files()


def read(source: str, name: str, answer: Answer) -> None:
    """Read an answer, and take the error of one that gives nothing for an answer."""
    reader: Callable[[Declaration, Answer], Any] = read_article
    if name in LISTS[source]:
        read_list(declaration(source), LISTS[source][name], answer)
    else:
        reader(declaration(source), answer)


def read_or_refuse(source: str, name: str, address: str, body: bytes, header: str = "") -> None:
    sentence = f"{address} was not read by {source}."
    try:
        read(source, name, Answer(address, body, header))
    except AnswerError as error:
        sentence = str(error)
    assert sentence.startswith(f"{address} was not read by {source}")
    assert "\n" not in sentence
    assert len(sentence) < 1_000


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(FILES), st.binary(max_size=60), st.text(max_size=20))
def test_any_bytes_are_an_answer(file: tuple[str, str, str], body: bytes, header: str) -> None:
    read_or_refuse(*file, body, header)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    st.sampled_from(FILES),
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 40), st.binary(max_size=6)), min_size=1),
)
def test_damaged_bytes(file: tuple[str, str, str], cuts: list[tuple[float, int, bytes]]) -> None:
    source, name, address = file
    body = answer_of(source, name, address).body
    for place, length, instead in cuts:
        start = int(place * len(body))
        body = body[:start] + instead + body[start + length :]
    read_or_refuse(source, name, address, body)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.data())
def test_other_values_in_json(data: st.DataObject) -> None:
    source, name, address = data.draw(st.sampled_from([f for f in FILES if f[1].endswith(".json")]))
    document = json.loads(answer_of(source, name, address).body)
    for _ in range(data.draw(st.integers(1, 3))):
        _change(document, data)
    read_or_refuse(source, name, address, json.dumps(document).encode())


def _change(node: Any, data: st.DataObject) -> None:
    """Put another value somewhere into a document."""
    while isinstance(node, dict | list) and node:
        keys = list(node) if isinstance(node, dict) else list(range(len(node)))
        key = data.draw(st.sampled_from(keys))
        if not isinstance(node[key], dict | list) or not node[key] or data.draw(st.booleans()):
            node[key] = data.draw(_VALUES)
            return
        node = node[key]


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (b"", "it is empty"),
        (b"   \n", "it is empty"),
        (b"<html><body>moved</body></html>", "it is not JSON"),
        (b'{"code": 20000, "data": ""}', "does not hold"),
        (b'{"code": 60000, "data": null}', "does not hold"),
        (b'{"code": 20000, "data": {}}', "it has no data.items"),
        (
            b'{"code": 20000, "data": {"items": [{}, {"x": 1}]}}',
            "none of its 2 entries is readable",
        ),
        (b"[" * 100_000, "it is not JSON"),
        (b'{"a": NaN}', "NaN is no number of JSON"),
        (b'{"a": ' + b"9" * 5_000 + b"}", "it is not JSON"),
        ('{"a": "中"}'.encode("gb18030"), "its text is not in utf-8"),
        (b"\x1f\x8b\x08\x00broken", "it is no whole gzip file"),
    ],
)
def test_an_error_names_what_is_wrong(body: bytes, what: str) -> None:
    with pytest.raises(UnreadableAnswer) as refused:
        read_list(declaration("wscn"), "articles", Answer("https://a.example/", body))
    assert what in str(refused.value)


def test_an_empty_list_is_the_end() -> None:
    answer = Answer("https://a.example/", b'{"code": 20000, "data": {"items": []}}')
    page = read_list(declaration("wscn"), "articles", answer)
    assert (page.entries, page.next) == ((), None)


def test_one_odd_entry_takes_no_other_with_it() -> None:
    recorded = json.loads(answer_of("wscn", "articles_page1.json", "").body)
    recorded["data"]["items"][1]["title"] = [{}]
    recorded["data"]["items"][2]["display_time"] = "yesterday"
    answer = Answer("https://a.example/", json.dumps(recorded).encode())
    entries = read_list(declaration("wscn"), "articles", answer).entries
    assert [entry.skip for entry in entries[:4]] == [
        None,
        "unreadable: a dict stands where a text should be",
        "unreadable: its published 'yesterday' is no time",
        None,
    ]


def test_a_captcha_is_a_refusal() -> None:
    captcha = (RECORDED / "captcha" / "aliyun_waf_captcha.html").read_bytes()
    answer = Answer("https://www.cls.cn/detail/2492814", captcha, "text/html; charset=utf-8")
    with pytest.raises(RefusedAnswer, match="asks for a captcha"):
        read_article(declaration("cls"), answer)


def test_an_article_that_is_gone_is_missing() -> None:
    address = "https://api-one-wscn.awtmt.com/apiv1/content/articles/1?extract=0"
    with pytest.raises(MissingArticle, match="the source has no such article"):
        read_article(declaration("wscn"), Answer(address, b'{"code": 60327, "data": null}'))


def test_an_address_that_no_layout_is_for() -> None:
    with pytest.raises(UnreadableAnswer, match="no layout of its articles is for such an address"):
        read_article(declaration("cls"), Answer("https://www.cls.cn/about", b"<html>"))

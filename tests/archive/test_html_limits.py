"""What parsers can take of HTML."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from archive.content import read_body
from archive.content.tree import parse
from archive.html_limits import in_xml

AROUND = ("&#{};", "&#0{};", "&#{}", "&#x{:x};", "&#X0{:X}", "{:c}")
CHARACTERS = (*range(0x20), 0x7F, 0x80, 0x9F, 0xD800, 0xDFFF, 0xFDD0, 0xFFFE, 0xFFFF, 0x1FFFE)


@pytest.mark.parametrize("form", AROUND)
@pytest.mark.parametrize("character", CHARACTERS)
def test_a_body_with_any_character_is_read(form: str, character: int) -> None:
    written = form.format(character)
    body = f'前{written}<p style="display:none">{written}</p>{written}后 <img src="{written}">'
    text = read_body(body).text
    assert text.startswith("前")
    assert text.endswith("后")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("A&#1;B", "A B"),
        ("A\x08B", "A B"),
        ("A&#x41;B&#66;", "A&#x41;B&#66;"),
        ("&#&#1;1;", "&# 1;"),
        ("&#99999999999;&#x110000;", "&#99999999999;&#x110000;"),
        (f"&#{'9' * 5000};", f"&#{'9' * 5000};"),
        ("涨5%&amp;跌&#12288;😀", "涨5%&amp;跌&#12288;😀"),
    ],
)
def test_only_characters_that_xml_has_no_place_for_become_spaces(written: str, read: str) -> None:
    assert in_xml(written) == read


@given(st.lists(st.one_of(st.characters(), st.sampled_from(["&#", "x", "0", "1", ";", "<p>"]))))
def test_every_text_of_a_body_can_be_moved(pieces: list[str]) -> None:
    for element in parse("".join(pieces)).iter(etree.Element):
        element.text, element.tail = element.tail, element.text

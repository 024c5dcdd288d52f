"""Elements as they stand in the source."""

from hypothesis import given
from hypothesis import strategies as st

from crawler.pages.element import find_element

INNER = st.recursive(
    st.sampled_from(("text", "<br>", "<p>x", "<!-- </div> -->", "A&amp;B", "\n", "<img src='>'/>")),
    lambda inner: st.lists(inner, max_size=4).map(lambda parts: f"<div>{''.join(parts)}</div>"),
)
OUTER = st.lists(
    st.sampled_from(
        (
            "<div>other</div>\n",
            "<script>var a = '<div id=\"wanted\">';</script>",
            "<!-- <div id=wanted> -->",
            "文字\n\n",
            "<p id='wanted-not'>",
        )
    ),
    max_size=4,
).map("".join)


@given(OUTER, INNER, OUTER)
def test_an_element_is_found_with_all_that_is_in_it(before: str, inner: str, after: str) -> None:
    opening = '<DIV class="a wanted b"\n id=wanted>'
    page = f"{before}{opening}{inner}</div >{after}"
    for attribute in ("id", "class"):
        found = find_element(page, attribute, "wanted")
        assert found is not None
        assert page[found.start : found.content] == opening
        assert page[found.content : found.content_end] == inner
        assert page[found.end :] == after


@given(st.text(alphabet="<>/div id=wanted\"'!-\n&;#", max_size=200))
def test_no_page_is_too_broken(page: str) -> None:
    found = find_element(page, "id", "wanted")
    assert found is None or 0 <= found.start < found.content <= found.content_end < found.end

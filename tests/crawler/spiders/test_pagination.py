"""How columns are read that change meanwhile: nothing is missed, and at what cost."""

import json
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, count, islice, repeat

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scrapy.http import TextResponse

from archive.article_id import InfoCode
from crawler.pages.errors import LayoutChanged
from crawler.pages.numbered_list import ColumnList
from crawler.pages.rolling_list import FastNewsList
from crawler.spiders.pagination import ByCursor, ByNumber, Part

#: Articles to a page.
MOST = 10
#: That the sources may say.
SMALLEST = 13
Column = list[InfoCode]
#: What happens, after how many articles of the list, and to how many.
Change = tuple[str, int, int]


def new_codes() -> Iterator[InfoCode]:
    return (InfoCode(f"{number:018}") for number in count(1))


def answer(column: Sequence[InfoCode], part: Part, **changes: object) -> ColumnList:
    """A page as Eastmoney cuts it."""
    listed = [
        {"code": code.digits, "title": "题", "showTime": "2026-11-20 10:00:00"}
        for code in column[part.start : part.end]
    ]
    data = {
        "list": listed,
        "page_index": part.index,
        "page_size": part.size,
        "total_hits": len(column),
    }
    text = json.dumps({"code": "1", "data": data | changes})
    return ColumnList(TextResponse("https://x.test/", body=text.encode()))


def changed(column: Column, changes: Sequence[Change], codes: Iterator[InfoCode]) -> Column:
    for kind, after, number in changes:
        if kind == "gone":
            column = column[:after] + column[after + number :]
        else:
            come = [next(codes) for _ in range(number)]
            at = after if kind == "in the past" else 0
            column = column[:at] + come + column[at:]
    return column


class Read:
    """A column, read until the page that has `goal`, or to its end."""

    def __init__(
        self, columns: Iterator[Column], goal: InfoCode | None = None, most: int = MOST
    ) -> None:
        self.named: set[InfoCode] = set()
        self.stayed: Column | None = None
        self.requests = 0
        reading: ByNumber | None = ByNumber.of(ColumnList, most)
        while reading and not reading.endless:
            column = next(columns)
            stayed = column if self.stayed is None else self.stayed
            self.stayed = [code for code in stayed if code in column]
            self.requests += 1
            named = list(dict.fromkeys(column[reading.part.start : reading.part.end]))
            self.named |= {*named}
            reading = reading.after(answer(column, reading.part), named)
            if reading and reading.is_whole and goal in named:
                break
        self.told = reading.endless if reading else None


CHANGES = st.lists(
    st.tuples(
        st.sampled_from(["at the top", "in the past", "gone"]),
        st.integers(0, 100),
        st.integers(1, 2) | st.integers(1, 30),
    ),
    max_size=3,
)


@given(
    length=st.integers(1, 100),
    between=st.lists(CHANGES, max_size=12),
    goal=st.integers(0, 120),
)
@example(length=40, between=[[("gone", 3, 1), ("in the past", 35, 1)]], goal=120)
@example(length=40, between=[[("gone", 3, 1), ("in the past", 35, 1)]], goal=15)
@example(length=40, between=[[("gone", 3, 1)], [("at the top", 0, 1)]], goal=120)
@example(length=40, between=[[], [("gone", 0, 12)], [("at the top", 0, 12)]], goal=120)
@example(length=40, between=[[("gone", 0, 35)]], goal=120)
@example(length=40, between=[[("gone", 0, 12)]], goal=25)
@settings(max_examples=150)
def test_what_is_there_all_the_while_is_not_missed(
    length: int, between: list[list[Change]], goal: int
) -> None:
    codes = new_codes()
    first = [next(codes) for _ in range(length)]

    def columns() -> Iterator[Column]:
        column = first
        for changes in chain(between, repeat(())):
            yield column
            column = changed(column, changes, codes)

    goals = dict(enumerate(first))
    read = Read(columns(), goals.get(goal))
    assert read.stayed is not None
    wanted = read.stayed
    if goals.get(goal) in read.stayed:
        wanted = read.stayed[: read.stayed.index(goals[goal]) + 1]
    assert read.named >= set(wanted) or read.told
    assert not read.told or len(between) > 3
    assert read.requests < 300


@pytest.mark.parametrize(
    ("gap", "requests"), [(30, 1), (50, 2), (100, 3), (250, 7), (500, 13), (1000, 26)]
)
def test_a_gap_costs_a_third_more_pages_than_it_has(gap: int, requests: int) -> None:
    codes = new_codes()
    column = [next(codes) for _ in range(5000)]
    read = Read(repeat(column), goal=column[gap], most=50)
    assert read.requests == requests


def test_there_is_no_edge_that_no_page_goes_over() -> None:
    """As there is behind the 2520th article for pages of up to 10."""
    assert all(Part.reaching_furthest(end - 1, SMALLEST).end > end for end in range(1, 30_000))


@pytest.mark.parametrize(("length", "requests"), [(49, 1), (50, 1), (51, 2), (90, 2), (91, 3)])
def test_no_page_is_asked_for_behind_the_last(length: int, requests: int) -> None:
    codes = new_codes()
    read = Read(repeat([next(codes) for _ in range(length)]), most=50)
    assert read.requests == requests


@pytest.mark.parametrize("lost", [1, 4])
def test_what_loses_an_article_at_each_request_is_read_all_the_same(lost: int) -> None:
    codes = new_codes()
    column = [next(codes) for _ in range(300)]
    read = Read((column[lost * turn :] for turn in count()), most=50)
    assert not read.told
    assert read.requests < 300 / 50 * 1.5


def others_each_time(codes: Iterator[InfoCode]) -> Iterator[Column]:
    return ([next(codes) for _ in range(1000)] for _ in count())


def one_and_no_other(codes: Iterator[InfoCode]) -> Iterator[Column]:
    return repeat([next(codes)] * 1000)


@pytest.mark.parametrize("columns", [others_each_time, one_and_no_other])
def test_what_leads_on_for_ever_is_told(
    columns: Callable[[Iterator[InfoCode]], Iterator[Column]],
) -> None:
    read = Read(columns(new_codes()))
    assert read.told
    assert read.requests < 20


def test_a_source_that_gives_fewer_than_it_is_asked_for_is_read_by_as_many() -> None:
    codes = new_codes()
    column = [next(codes) for _ in range(100)]
    named = column[:20]
    page = answer(column, Part(1, 20), page_size=None)
    reading = ByNumber.of(ColumnList, 50).after(page, named)
    assert reading
    assert reading.part.size <= 20
    assert 0 < reading.part.start < 20 < reading.part.end


@given(
    length=st.integers(1, 200),
    cut=st.integers(SMALLEST, 60),
    says=st.sampled_from(["what was asked for", "what it gives", "nothing"]),
    total=st.booleans(),
)
@example(length=1, cut=50, says="nothing", total=False)
@example(length=13, cut=13, says="nothing", total=False)
def test_a_source_that_cuts_pages_in_silence_is_read_to_its_end(
    length: int, cut: int, says: str, *, total: bool
) -> None:
    column = [*islice(new_codes(), length)]
    named: set[InfoCode] = set()
    reading: ByNumber | None = ByNumber.of(ColumnList, 50)
    requests = 0
    while reading:
        assert not reading.endless
        real = Part(reading.part.index, min(reading.part.size, cut))
        size = {"what was asked for": reading.part.size, "what it gives": real.size}.get(says)
        hits = length if total else None
        page = answer(column, real, page_size=size, total_hits=hits)
        given_now = column[real.start : real.end]
        named |= {*given_now}
        reading = reading.after(page, given_now)
        requests += 1
    assert named == {*column}
    assert requests <= 2 * (length // min(cut, 50) + 2)


def test_a_source_that_cuts_its_pages_in_its_own_way_is_told() -> None:
    column = [*islice(new_codes(), 60)]
    whatever_is_asked = answer(column, Part(1, MOST))
    reading = ByNumber.of(ColumnList, MOST).after(whatever_is_asked, column[:MOST])
    assert reading is not None
    assert reading.part.size < MOST
    sentence = f"it has pages of {MOST} articles where {reading.part.size} were requested"
    with pytest.raises(LayoutChanged, match=sentence):
        reading.after(answer(column, Part(2, MOST)), column[MOST : 2 * MOST])


def begun(column: Column, most: int = 50) -> ByNumber:
    """Its first page is read."""
    reading = ByNumber.of(ColumnList, most).after(answer(column, Part(1, most)), column[:most])
    assert reading is not None
    return reading


def test_a_source_that_gives_nothing_so_far_down_ends_the_list_when_it_does_so_twice() -> None:
    column = [*islice(new_codes(), 100)]
    reading = begun(column)
    nothing = answer(column, reading.part, list=[])
    once_more = reading.after(nothing, [])
    assert once_more is not None
    assert not once_more.is_whole
    assert once_more.part == reading.part
    assert once_more.after(nothing, []) is None


def test_a_page_that_is_empty_once_hides_nothing() -> None:
    column = [*islice(new_codes(), 300)]
    stumbling = begun(column)
    stumbled = stumbling.after(answer(column, stumbling.part, list=[]), [])
    assert stumbled is not None
    named = column[stumbled.part.start : stumbled.part.end]
    goes_on = stumbled.after(answer(column, stumbled.part), named)
    assert goes_on is not None
    assert (goes_on.is_whole, goes_on.gave_none, goes_on.end) == (True, False, stumbling.part.end)


def test_a_long_reading_may_stumble_more_often() -> None:
    column = [*islice(new_codes(), 20_000)]
    reading: ByNumber | None = ByNumber.of(ColumnList, 50)
    for turn in count(1):
        assert reading is not None
        assert not reading.endless
        stumbles = turn % 20 == 0
        page = answer(column, reading.part, **({"list": []} if stumbles else {}))
        named = [] if stumbles else column[reading.part.start : reading.part.end]
        is_last = reading.part.end >= len(column)
        reading = reading.after(page, named)
        if is_last and not stumbles:
            break
    assert reading is None


def test_what_every_page_is_headed_by_does_not_show_that_one_follows() -> None:
    codes = new_codes()
    pinned = next(codes)
    column = [next(codes) for _ in range(300)]
    reading = begun([pinned, *column])
    moved_up = [pinned, *column[12:]]
    named = [pinned, *moved_up[reading.part.start + 1 : reading.part.end]]
    further_back = reading.after(answer(moved_up, reading.part), named)
    assert further_back is not None
    assert not further_back.is_whole
    assert further_back.part.start < reading.part.start


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"page_index": 1}, "it is page 1 where 2 was requested"),
        ({"total_hits": 0}, "it names 45 articles, of 0 in all"),
        ({"total_hits": "many"}, "its page_index, page_size or totle_hits is no number"),
    ],
)
def test_a_page_that_cannot_be_the_next_one_is_told(
    changes: dict[str, object], sentence: str
) -> None:
    column = [*islice(new_codes(), 300)]
    reading = begun(column)
    named = column[reading.part.start : reading.part.end]
    with pytest.raises(LayoutChanged, match=sentence):
        reading.after(answer(column, reading.part, **changes), named)


def rolling(codes: Sequence[InfoCode], cursor: str | None) -> FastNewsList:
    """A page of rolling news."""
    listed = [{"code": code.digits} for code in codes]
    answer = {"code": "1", "data": {"fastNewsList": listed, "sortEnd": cursor}}
    return FastNewsList(TextResponse("https://x.test/", body=json.dumps(answer).encode()))


def test_rolling_news_ends_with_a_page_that_is_empty_twice() -> None:
    news = [*islice(new_codes(), 4)]
    first = ByCursor().after(rolling(news[:2], "7"), news[:2])
    assert first is not None
    once_more = first.after(rolling([], "7"), [])
    assert once_more is not None
    assert once_more.parameters == {"page": "7"}
    assert once_more.after(rolling([], "7"), []) is None
    goes_on = once_more.after(rolling(news[2:], "9"), news[2:])
    assert goes_on is not None
    assert not goes_on.endless


def test_rolling_news_ends_where_a_cursor_leads_to_its_own_article_alone() -> None:
    news = [*islice(new_codes(), 4)]
    reading = ByCursor().after(rolling(news, "7"), news)
    assert reading is not None
    assert reading.after(rolling(news[-1:], "7"), news[-1:]) is None


@pytest.mark.parametrize("length", [1, 2, 3, 7])
def test_rolling_news_in_a_circle_is_told(length: int) -> None:
    reading: ByCursor | None = ByCursor()
    for number in count():
        assert reading is not None
        if reading.endless:
            break
        code = f"{number % length:018}"
        entry = {"code": code, "title": "题", "summary": "题", "showTime": "2026-11-20 10:00:00"}
        data = {"fastNewsList": [entry], "sortEnd": str(number % length)}
        text = json.dumps({"code": "1", "data": data})
        page = FastNewsList(TextResponse("https://x.test/", body=text.encode()))
        reading = reading.after(page, [InfoCode(code)])
        assert number < 4 * length

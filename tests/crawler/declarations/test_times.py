"""Times in all forms that publishers write them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.declarations.times import TimeUnit, read_time, states_zone

BEIJING = timezone(timedelta(hours=8))
NEAR = datetime(2026, 1, 2, 9, 0, tzinfo=BEIJING)
_EARLIEST, _LATEST = datetime(1990, 1, 2), datetime(2100, 12, 30)  # noqa: DTZ001 (as they must be)
_TIMES = st.datetimes(_EARLIEST, _LATEST, timezones=st.just(BEIJING)).map(
    lambda time: time.replace(microsecond=0)
)
_OF_THIS_CENTURY = _TIMES.filter(lambda time: 10**9 <= time.timestamp() < 10**10)

FORMS = (
    "%Y-%m-%d %H:%M:%S",
    "%Y/%m/%d %H:%M:%S",
    "%Y.%m.%d %H:%M:%S",
    "%Y年%m月%d日 %H:%M:%S",
    "%Y年%m月%d日%H时%M分%S秒",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%dT%H:%M:%S%z",
    "%Y-%m-%d %H:%M:%S 星期一",
    "%Y%m%d%H%M%S",
    "（%Y-%m-%d %H:%M:%S）",
    "发布时间：%Y-%m-%d %H:%M:%S",
    "%a, %d %b %Y %H:%M:%S %z",
    "%a, %d %b %Y %H:%M:%S",
    "%a,%d-%b-%Y %H:%M:%S +0800",
    "%b %d, %Y %I:%M:%S %p",
    "%Y/%m/%d %I:%M:%S %p",
    "%Y-%m-%dT%H:%M:%S.123456789%z",
    "%Y-%m-%d %H:%M:%S,123",
    "%Y-%m-%d %H:%M:%S %z CST",
    "%a, %d %b %Y %H:%M:%S CST",
    "%a %b %d %H:%M:%S CST %Y",
)


@pytest.mark.parametrize("form", FORMS)
@given(time=_TIMES)
def test_a_time_comes_back_whatever_its_form(form: str, time: datetime) -> None:
    moment = read_time(time.strftime(form), BEIJING)
    assert moment
    assert moment.time == time


@given(_OF_THIS_CENTURY)
def test_seconds_since_1970_and_smaller_units_are_the_same_instant(time: datetime) -> None:
    seconds = str(int(time.timestamp()))
    for text in (seconds, f"{seconds}000", f"{seconds}999", f"{seconds}000000"):
        moment = read_time(text, BEIJING)
        assert moment
        assert moment.time == time


@given(_TIMES)
def test_another_zone_is_the_same_instant(time: datetime) -> None:
    for text in (time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), time.isoformat()):
        moment = read_time(text, BEIJING)
        assert moment
        assert moment.time == time


@given(_TIMES, st.timedeltas(timedelta(days=-170), timedelta(days=170)))
def test_a_year_that_is_left_out_is_the_nearest_one(time: datetime, away: timedelta) -> None:
    moment = read_time(time.strftime("%m月%d日 %H:%M"), BEIJING, near=time + away)
    assert moment
    assert moment.time == time.replace(second=0)
    assert moment.precision is TimeUnit.MINUTE


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("2020-08-25", "2020-08-25"),
        ("12-31 23:59", "2025-12-31T23:59:00+08:00"),
        ("今天 12:30", "2026-01-02T12:30:00+08:00"),
        ("昨天 08:00", "2026-01-01T08:00:00+08:00"),
        ("5分钟前", "2026-01-02T08:55:00+08:00"),
        ("2小时前", "2026-01-02T07:00:00+08:00"),
        ("刚刚", "2026-01-02T09:00:00+08:00"),
        ("08:05", "2026-01-02T08:05:00+08:00"),
        ("2026-09-30 24:00", "2026-10-01T00:00:00+08:00"),
        ("昨天", "2026-01-01"),
        ("2026/9/30 下午5:34:39", "2026-09-30T17:34:39+08:00"),
        ("2026年9月30日 上午 12:34", "2026-09-30T00:34:00+08:00"),
        ("9月30日 下午12:34", "2025-09-30T12:34:00+08:00"),
        ("今天 中午12:30", "2026-01-02T12:30:00+08:00"),
        ("今天 中午1:30", "2026-01-02T13:30:00+08:00"),
        ("今天 凌晨3:05", "2026-01-02T03:05:00+08:00"),
        ("昨天 晚上9点05分", "2026-01-01T21:05:00+08:00"),
        ("2026-09-30 下午17:34", "2026-09-30T17:34:00+08:00"),
        ("2026-09-30 5:34 p.m.", "2026-09-30T17:34:00+08:00"),
    ],
)
def test_what_is_left_out_is_taken_from_the_time_nearby(text: str, written: str) -> None:
    assert str(read_time(text, BEIJING, near=NEAR)) == written


def test_a_zone_that_cannot_be_trusted_is_left_out() -> None:
    moment = read_time("Wed,30-Sep-2026 11:37:37 GMT", BEIJING, zone_sure=False)
    assert str(moment) == "2026-09-30T11:37:37"


def test_a_form_of_its_own() -> None:
    moment = read_time("30|09|2026 13h10", BEIJING, form="%d|%m|%Y %Hh%M")
    assert moment
    assert (str(moment), moment.precision) == ("2026-09-30T13:10:00+08:00", TimeUnit.MINUTE)


@pytest.mark.parametrize(
    "text",
    [
        *("", "x", "99", "2026-13-40", "0000000000", "9999999999", "星期一"),
        *("今天 晚上12:30", "Foo 20, 2026"),
    ],
)
def test_these_are_no_times(text: str) -> None:
    assert read_time(text, BEIJING, near=NEAR) is None


@given(st.text(max_size=40), st.none() | _TIMES)
def test_no_text_is_an_error(text: str, near: datetime | None) -> None:
    moment = read_time(text, BEIJING, near=near)
    assert moment is None or moment.time.tzinfo is not None


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("发布时间：2026年11月3日 下午3:05", "2026-11-03T15:05:00+08:00"),
        ("2026/11/3 上午12:30:00", "2026-11-03T00:30:00+08:00"),
        ("2026/11/3 下午12:30:00", "2026-11-03T12:30:00+08:00"),
        ("2026-11-03 下午15:05", "2026-11-03T15:05:00+08:00"),
        ("2026-11-03 中午1:05", "2026-11-03T13:05:00+08:00"),
        ("2026-11-03 凌晨12:05", "2026-11-03T00:05:00+08:00"),
        ("2026-11-03 晚上12:00", "2026-11-04T00:00:00+08:00"),
        ("2026-11-03 3:05 PM", "2026-11-03T15:05:00+08:00"),
        ("2026年11月3日15时", "2026-11-03T15:00:00+08:00"),
        ("２０２６-11-03　１５：０５", "2026-11-03T15:05:00+08:00"),
        ("2026-11-03 15:05（北京时间）", "2026-11-03T15:05:00+08:00"),
        ("2026-11-03T15:05+08", "2026-11-03T15:05:00+08:00"),
        ("/Date(1795996800000+0800)/", "2026-11-30T08:00:00+08:00"),
        ("1795996800000.0", "2026-11-30T08:00:00+08:00"),
        ("昨天", "2026-01-01"),
        ("08:30", "2026-01-02T08:30:00+08:00"),
        ("23:59", "2026-01-01T23:59:00+08:00"),
        ("2026-11-03 25:05", None),
        ("2026-11-03 晚上12:05", None),
    ],
)
def test_other_forms_of_times(text: str, time: str | None) -> None:
    moment = read_time(text, BEIJING, near=NEAR)
    assert (moment and str(moment)) == time


@pytest.mark.parametrize("text", ["1795996800", "2026-11-03T15:05Z", "2026-11-03 15:05 +0800"])
def test_a_time_that_states_its_zone(text: str) -> None:
    assert states_zone(text)
    assert states_zone("Tue, 03 Nov 2026 15:05:00 GMT")
    assert not states_zone("2026-11-03 15:05")
    assert not states_zone("2026-11-03")
    assert not states_zone("2026/11/3 3:05 PM")

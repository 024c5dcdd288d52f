"""The ban: too many calls too fast, and nobody is let in for a while."""

import http.client
from collections.abc import Callable
from threading import Thread
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo.exchange import Answer, Request
from demo.replica import Replica
from tests.support.ban import banning

HOST = "np-listapi.eastmoney.com"
OTHER = "np-weblist.eastmoney.com"

Call = Callable[..., int]


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def call(clock: Clock) -> Call:
    """Call three times within ten seconds at most, or be banned for a minute."""
    site = banning(lambda _: Answer(), calls=3, within=10, for_=60, clock=clock)

    def ask(host: str = HOST, *, after: float = 0) -> int:
        clock.now += after
        return site(Request("GET", host, "/")).status

    return ask


def test_the_call_too_many_is_refused_and_all_that_follow(call: Call) -> None:
    assert [call() for _ in range(6)] == [200, 200, 200, 403, 403, 403]


def test_a_ban_ends_by_itself_and_is_forgotten(call: Call) -> None:
    assert [call() for _ in range(4)][-1] == 403
    assert call(after=59.9) == 403
    assert call(after=0.1) == 200
    assert [call() for _ in range(3)] == [200, 200, 403]


def test_calls_during_a_ban_make_it_no_longer(call: Call) -> None:
    assert [call() for _ in range(4)][-1] == 403
    assert {call(after=5) for _ in range(11)} == {403}
    assert call(after=5) == 200


def test_calls_that_are_slow_enough_are_never_refused(call: Call) -> None:
    assert {call(after=3.5) for _ in range(100)} == {200}


def test_the_window_moves(call: Call) -> None:
    assert [call(after=after) for after in (0, 6, 3, 2)] == [200] * 4
    assert [call(after=after) for after in (0, 0)] == [403, 403]


def test_every_host_counts_for_itself(call: Call) -> None:
    assert [call() for _ in range(4)][-1] == 403
    assert [call(OTHER) for _ in range(3)] == [200] * 3
    assert call() == 403


@given(
    waits=st.lists(st.integers(0, 8), max_size=60),
    calls=st.integers(0, 5),
    within=st.integers(1, 12),
    for_=st.integers(1, 30),
)
def test_it_is_what_counting_by_hand_says(
    waits: list[int], calls: int, within: int, for_: int
) -> None:
    clock = Clock()
    site = banning(lambda _: Answer(), calls=calls, within=within, for_=for_, clock=clock)
    counted: list[float] = []
    until = 0.0
    for wait in waits:
        clock.now += wait
        banned = clock.now < until
        if not banned:
            counted.append(clock.now)
            if sum(time > clock.now - within for time in counted) > calls:
                banned, until, counted = True, clock.now + for_, []
        assert site(Request("GET", HOST, "/")).status == (403 if banned else 200)


def test_no_call_is_lost_when_many_come_at_once(clock: Clock) -> None:
    site = banning(lambda _: Answer(), calls=100, within=10, for_=60, clock=clock)
    statuses: list[int] = []

    def ask() -> None:
        statuses.extend(site(Request("GET", HOST, "/")).status for _ in range(50))

    threads = [Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (statuses.count(200), statuses.count(403)) == (100, 100)


def test_over_the_wire(clock: Clock) -> None:
    site = banning(lambda _: Answer(200, b"{}"), calls=1, within=10, for_=60, clock=clock)
    with Replica({HOST: site}) as replica:
        wire = http.client.HTTPConnection(urlsplit(replica.proxy_url).netloc, timeout=5)
        for after in (0, 0, 60):
            clock.now += after
            wire.request("GET", f"http://{HOST}/")
            wire.getresponse().read()
        wire.close()
        assert [entry.status for entry in replica.requests] == [200, 403, 200]

"""Every way of failing, as a client meets it."""

import gzip
import http.client
import re
import ssl
import time
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest

from demo import faults
from demo.faults import WAYS, Failure, Fault, parse_fault
from demo.replica import Answer, Replica, Request

HOST = "finews.withounder.com"
PAGE = b"x" * 1000

Get = Callable[[str], tuple[http.client.HTTPResponse, bytes]]


@pytest.fixture
def replica() -> Iterator[Replica]:
    site = {HOST: lambda _: Answer(200, PAGE), "other": lambda _: Answer(200, PAGE)}
    with Replica(site) as replica:
        yield replica


@pytest.fixture(params=["http", "https"])
def get(replica: Replica, request: pytest.FixtureRequest) -> Iterator[Get]:
    proxy = urlsplit(replica.proxy_url).netloc
    trusting = ssl.create_default_context(cafile=replica.environment["SSL_CERT_FILE"])
    opened: list[http.client.HTTPConnection] = []

    def ask(path: str) -> tuple[http.client.HTTPResponse, bytes]:
        if request.param == "http":
            wire = http.client.HTTPConnection(proxy, timeout=5)
        else:
            wire = http.client.HTTPSConnection(proxy, timeout=5, context=trusting)
            wire.set_tunnel(HOST)
        opened.append(wire)
        wire.request("GET", f"{request.param}://{HOST}{path}")
        answer = wire.getresponse()
        return answer, answer.read()

    yield ask
    for wire in opened:
        wire.close()


def strike(replica: Replica, failure: Failure) -> None:
    replica.faults = [Fault(HOST, failure=failure)]


def test_status(replica: Replica, get: Get) -> None:
    strike(replica, faults.status(503, {"Retry-After": "7"}))
    answer, body = get("/")
    assert (answer.status, answer.headers["Retry-After"], body) == (503, "7", b"")
    assert replica.requests[0].status == 503


def test_an_unheard_of_status(replica: Replica, get: Get) -> None:
    strike(replica, faults.status(567))
    assert get("/")[0].status == 567


def test_redirect(replica: Replica, get: Get) -> None:
    strike(replica, faults.redirect("http://elsewhere/"))
    answer, _ = get("/")
    assert (answer.status, answer.headers["Location"]) == (302, "http://elsewhere/")


def test_empty(replica: Replica, get: Get) -> None:
    strike(replica, faults.empty())
    answer, body = get("/")
    assert (answer.status, body) == (200, b"")


def test_garbage(replica: Replica, get: Get) -> None:
    strike(replica, faults.garbage())
    answer, body = get("/")
    assert answer.status == 200
    assert "访问过于频繁" in body.decode()


def test_truncated(replica: Replica, get: Get) -> None:
    strike(replica, faults.truncated())
    with pytest.raises(http.client.IncompleteRead) as error:
        get("/")
    assert error.value.partial == PAGE[:500]


@pytest.mark.parametrize("get", ["http"], indirect=True)  # by https, Python tells of an end
def test_reset(replica: Replica, get: Get) -> None:
    strike(replica, faults.reset())
    with pytest.raises(ConnectionResetError, match="reset by peer"):
        get("/")
    assert replica.requests[0].status == 0


def test_hang(replica: Replica, get: Get) -> None:
    strike(replica, faults.hang(0.2))
    start = time.monotonic()
    with pytest.raises(http.client.RemoteDisconnected):
        get("/")
    assert time.monotonic() - start >= 0.2


def test_a_shutdown_does_not_wait_for_a_hang() -> None:
    with Replica(
        {HOST: lambda _: Answer()}, faults=[Fault(HOST, failure=faults.hang())]
    ) as replica:
        wire = http.client.HTTPConnection(urlsplit(replica.proxy_url).netloc, timeout=5)
        wire.request("GET", f"http://{HOST}/")
        while not replica.requests:
            time.sleep(0.01)
        start = time.monotonic()
    assert time.monotonic() - start < 1
    wire.close()


def test_delay(replica: Replica, get: Get) -> None:
    strike(replica, faults.delay(0.2))
    start = time.monotonic()
    assert get("/")[1] == PAGE
    assert time.monotonic() - start >= 0.2


def test_an_answer_without_a_length_that_ends_half_way(replica: Replica, get: Get) -> None:
    strike(replica, faults.ended())
    answer, body = get("/")
    assert ("Content-Length" in answer.headers, body) == (False, PAGE[:500])


def test_drip(replica: Replica, get: Get) -> None:
    strike(replica, faults.drip(0.0005))
    start = time.monotonic()
    assert get("/")[1] == PAGE
    assert time.monotonic() - start >= 0.5


@pytest.mark.parametrize("promised", [True, False])
def test_large(replica: Replica, get: Get, promised: bool) -> None:
    strike(replica, faults.large(600_000, promised=promised))
    answer, body = get("/")
    assert (answer.headers["Content-Length"] is not None, len(body)) == (promised, 600_000)


def test_bomb(replica: Replica, get: Get) -> None:
    strike(replica, faults.bomb(5_000_000))
    answer, body = get("/")
    assert answer.headers["Content-Encoding"] == "gzip"
    assert len(body) < 50_000
    assert len(gzip.decompress(body)) == 5_000_000


def test_altered_answers(replica: Replica, get: Get) -> None:
    strike(replica, faults.with_headers(X_Odd="1"))
    assert get("/")[0].headers["X-Odd"] == "1"
    strike(replica, faults.with_body(lambda body: body[:3]))
    answer, body = get("/")
    assert (answer.headers["Content-Length"], body) == ("3", PAGE[:3])


def test_it_strikes_so_many_times(replica: Replica, get: Get) -> None:
    fault = Fault(HOST, failure=faults.status(500), times=2)
    replica.faults = [fault]
    assert [get("/")[0].status for _ in range(3)] == [500, 500, 200]
    assert fault.struck == 2


def test_the_first_that_matches_strikes(replica: Replica, get: Get) -> None:
    replica.faults = [
        Fault(HOST, "/category/", failure=faults.status(500)),
        Fault("*", failure=faults.status(501)),
    ]
    assert [get(path)[0].status for path in ("/category/a", "/")] == [500, 501]


@pytest.mark.parametrize(
    ("fault", "struck"),
    [
        (Fault("*", failure=faults.empty()), True),
        (Fault(HOST, failure=faults.empty()), True),
        (Fault("withounder.com", failure=faults.empty()), False),
        (Fault(HOST, "/NewsData/x.do?id=NW1", failure=faults.empty()), True),
        (Fault(HOST, "/x.do", failure=faults.empty()), False),
        (Fault(HOST, re.compile(r"x\.do"), failure=faults.empty()), True),
    ],
)
def test_where_it_strikes(fault: Fault, struck: bool) -> None:
    assert fault.matches(Request("GET", HOST, "/NewsData/x.do", "id=NW12")) is struck


@pytest.mark.parametrize(
    ("text", "host", "path", "times"),
    [
        ("finews.zning.xyz=status:503", "finews.zning.xyz", "", None),
        ("finews.withounder.com/category/=hang:5*2", "finews.withounder.com", "/category/", 2),
        ("*=redirect:http://x/?a=b*c", "*", "", None),
        ("X.Y/a.do?id=NW1=reset", "x.y", "/a.do?id=NW1", None),
        (r"*~\.html$=truncated", "*", re.compile(r"\.html$"), None),
    ],
)
def test_the_command_line_describes_faults(
    text: str, host: str, path: str | re.Pattern[str], times: int | None
) -> None:
    fault = parse_fault(text)
    assert (fault.host, fault.path, fault.times) == (host, path, times)


@pytest.mark.parametrize("way", WAYS)
def test_the_command_line_knows_every_way(way: str) -> None:
    value = {
        "status": ":500",
        "redirect": ":http://x/",
        "delay": ":1",
        "large": ":9",
        "bomb": ":9",
    }.get(way, "")
    assert parse_fault(f"*={way}{value}").matches(Request("GET", HOST, "/"))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is not HOST"),
        ("host", "is not HOST"),
        ("=status:503", "is not HOST"),
        ("host=explode", "no known way: status, redirect"),
        ("host=status:many", "status cannot use the value 'many'"),
        ("host=redirect", "redirect cannot use the value ''"),
        ("host~(=reset", "bad regular expression"),
    ],
)
def test_a_bad_description_is_refused_in_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=re.escape(sentence)) as error:
        parse_fault(text)
    assert "\n" not in str(error.value)

"""The replica over real sockets, asked through the proxy as a crawler asks it."""

import http.client
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from demo.replica import Answer, Replica, Request, folder_site, share_api_site

HOST = "finews.withounder.com"
SHARE = "finews.zning.xyz"


def echo(request: Request) -> Answer:
    return Answer(200, request.url.encode(), {"Content-Type": "text/plain"})


@pytest.fixture
def replica() -> Iterator[Replica]:
    with Replica({HOST: echo, SHARE: share_api_site({"NW1": b'{"text": "<p>"}'})}) as replica:
        yield replica


@pytest.fixture
def wire(replica: Replica) -> Iterator[http.client.HTTPConnection]:
    connection = http.client.HTTPConnection(urlsplit(replica.proxy_url).netloc, timeout=5)
    yield connection
    connection.close()


def get(
    wire: http.client.HTTPConnection, url: str, headers: dict[str, str] | None = None
) -> tuple[int, bytes, http.client.HTTPMessage]:
    wire.request("GET", url, headers=headers or {})
    answer = wire.getresponse()
    return answer.status, answer.read(), answer.headers


def test_the_absolute_form_reaches_the_host_in_it(wire: http.client.HTTPConnection) -> None:
    url = f"http://{HOST}/category/a%20b.html?x=1"
    assert get(wire, url)[:2] == (200, url.encode())


def test_the_plain_form_reaches_the_host_header(wire: http.client.HTTPConnection) -> None:
    answer = get(wire, "/a//b?next=http://x/", {"Host": f"{HOST.upper()}:80"})
    assert answer[:2] == (200, f"http://{HOST}/a//b?next=http://x/".encode())


def test_an_address_without_a_path_is_the_root(wire: http.client.HTTPConnection) -> None:
    assert get(wire, f"http://{HOST}")[1] == f"http://{HOST}/".encode()


def test_a_connection_is_kept_alive(wire: http.client.HTTPConnection) -> None:
    get(wire, f"http://{HOST}/1")
    socket = wire.sock
    get(wire, f"http://{HOST}/2")
    assert socket is not None
    assert wire.sock is socket


def test_requests_are_logged(replica: Replica, wire: http.client.HTTPConnection) -> None:
    get(wire, f"http://{HOST}/a", {"If-None-Match": "x"})
    (entry,) = replica.requests
    assert (entry.request.host, entry.request.path, entry.status) == (HOST, "/a", 200)
    assert entry.request.headers["if-none-match"] == "x"
    assert entry.answered_by_known_host
    assert replica.unknown == []


def test_an_unknown_host_is_refused(replica: Replica, wire: http.client.HTTPConnection) -> None:
    assert get(wire, "http://news.example.com/")[0] == 502
    assert [entry.request.host for entry in replica.unknown] == ["news.example.com"]


def test_https_is_refused(replica: Replica, wire: http.client.HTTPConnection) -> None:
    wire.set_tunnel(HOST, 443)
    with pytest.raises(OSError, match="501"):
        wire.connect()
    assert [entry.request.host for entry in replica.unknown] == [HOST]


def test_head_has_no_body(wire: http.client.HTTPConnection) -> None:
    wire.request("HEAD", f"http://{HOST}/a")
    answer = wire.getresponse()
    assert answer.headers["Content-Length"] == str(len(f"http://{HOST}/a"))
    assert answer.read() == b""


def test_it_says_nothing(
    wire: http.client.HTTPConnection, capfd: pytest.CaptureFixture[str]
) -> None:
    get(wire, f"http://{HOST}/")
    assert capfd.readouterr() == ("", "")


def test_it_shuts_down_at_once_with_connections_open() -> None:
    with Replica({HOST: echo}) as replica:
        wire = http.client.HTTPConnection(urlsplit(replica.proxy_url).netloc, timeout=5)
        get(wire, f"http://{HOST}/")
        start = time.monotonic()
    assert time.monotonic() - start < 1
    wire.auto_open = 0
    with pytest.raises((ConnectionError, http.client.HTTPException)):
        get(wire, f"http://{HOST}/")
    wire.close()


def test_the_share_api_answers_known_and_unknown_codes(wire: http.client.HTTPConnection) -> None:
    api = f"http://{SHARE}/NewsData/GetNewsText.do"
    assert json.loads(get(wire, f"{api}?id=NW1&cid=7")[1]) == {"text": "<p>"}
    status, body, _ = get(wire, f"{api}?id=NW2")
    assert (status, json.loads(body)) == (200, {"infoCode": "NW2", "text": ""})


def test_the_share_page_is_a_shell(wire: http.client.HTTPConnection) -> None:
    page = f"http://{SHARE}/html_News/NewsShare.html"
    assert get(wire, f"{page}?infoCode=NW1")[1] == get(wire, f"{page}?infoCode=NW2")[1]
    assert get(wire, f"http://{SHARE}/robots.txt")[0] == 404


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    site = tmp_path / "site"
    (site / "category").mkdir(parents=True)
    (site / "index.html").write_text("首页")
    (site / "404.html").write_text("找不到")
    (site / "category" / "a b(c).html").write_text("类")
    (site / "feed.xml").write_text("<feed/>")
    (tmp_path / "secret.html").write_text("secret")
    (site / "way-out.html").symlink_to(tmp_path / "secret.html")
    return site


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        ("/", 200, "首页"),
        ("/category/a%20b(c).html", 200, "类"),
        ("/nothing.html", 404, "找不到"),
        ("/category", 404, "找不到"),
        ("/../secret.html", 404, "找不到"),
        ("/%2e%2e/secret.html", 404, "找不到"),
        ("/way-out.html", 404, "找不到"),
        ("/%00", 404, "找不到"),
        (f"/{'x' * 5000}", 404, "找不到"),
    ],
)
def test_a_folder_is_served_and_nothing_outside_it(
    folder: Path, path: str, status: int, text: str
) -> None:
    answer = folder_site(folder)(Request("GET", HOST, path))
    assert (answer.status, answer.body.decode()) == (status, text)


def test_a_folder_without_a_404_page_says_404(tmp_path: Path) -> None:
    assert folder_site(tmp_path)(Request("GET", HOST, "/")).status == 404


def test_a_file_has_its_type(folder: Path) -> None:
    site = folder_site(folder)
    types = [
        site(Request("GET", HOST, path)).headers["Content-Type"] for path in ("/", "/feed.xml")
    ]
    assert types == ["text/html; charset=utf-8", "application/xml; charset=utf-8"]


def test_an_unchanged_file_is_not_sent_again(folder: Path) -> None:
    site = folder_site(folder)
    first = site(Request("GET", HOST, "/"))

    def again(**shown: str) -> int:
        headers = {name.replace("_", "-"): value for name, value in shown.items()}
        return site(Request("GET", HOST, "/", headers=headers)).status

    etag, date = first.headers["ETag"], first.headers["Last-Modified"]
    assert again(if_none_match=etag) == 304
    assert again(if_none_match=f'"other", W/{etag}') == 304
    assert again(if_modified_since=date) == 304
    assert again(if_none_match='"other"', if_modified_since=date) == 200
    assert again(if_modified_since="not a date") == 200
    os.utime(folder / "index.html", (time.time() + 60, time.time() + 60))
    assert again(if_modified_since=date) == 200


def test_304_has_no_body_on_the_wire(folder: Path) -> None:
    with Replica({HOST: folder_site(folder)}) as replica:
        wire = http.client.HTTPConnection(urlsplit(replica.proxy_url).netloc, timeout=5)
        etag = get(wire, f"http://{HOST}/")[2]["ETag"]
        status, body, headers = get(wire, f"http://{HOST}/", {"If-None-Match": etag})
        assert (status, body, headers["Content-Length"]) == (304, b"", None)
        assert get(wire, f"http://{HOST}/")[0] == 200
        wire.close()

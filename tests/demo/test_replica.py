"""The replica over real sockets, asked through the proxy as a crawler asks it."""

import http.client
import json
import os
import socket
import ssl
import struct
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from demo.certificates import Flaw
from demo.faults import Fault, ended, hang, reset
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


Tunnel = Callable[..., http.client.HTTPSConnection]


@pytest.fixture
def trusting(replica: Replica) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=replica.environment["SSL_CERT_FILE"])


@pytest.fixture
def tunnel(replica: Replica, trusting: ssl.SSLContext) -> Iterator[Tunnel]:
    """Tunnels to hosts, for clients that trust the replica and none but it."""
    opened: list[http.client.HTTPSConnection] = []

    def open_tunnel(host: str = HOST, port: int = 443) -> http.client.HTTPSConnection:
        proxy = urlsplit(replica.proxy_url).netloc
        connection = http.client.HTTPSConnection(proxy, timeout=5, context=trusting)
        connection.set_tunnel(host, port)
        opened.append(connection)
        return connection

    yield open_tunnel
    for connection in opened:
        connection.close()


def connected(replica: Replica, host: str = HOST) -> socket.socket:
    """A tunnel before its handshake."""
    proxy = urlsplit(replica.proxy_url)
    assert proxy.hostname is not None
    assert proxy.port is not None
    wire = socket.create_connection((proxy.hostname, proxy.port), timeout=5)
    wire.sendall(f"CONNECT {host}:443 HTTP/1.1\r\nHost: {host}:443\r\n\r\n".encode())
    assert wire.recv(1000) == b"HTTP/1.1 200 Connection Established\r\n\r\n"
    return wire


def assert_no_more_threads(than: int) -> None:
    end = time.monotonic() + 5
    while threading.active_count() > than and time.monotonic() < end:
        time.sleep(0.01)
    assert threading.active_count() <= than


def test_a_tunnel_leads_to_the_host_by_https(replica: Replica, tunnel: Tunnel) -> None:
    wire = tunnel()
    assert get(wire, "/a?x=1")[:2] == (200, f"https://{HOST}/a?x=1".encode())
    kept_alive = wire.sock
    assert get(wire, "/b")[1] == f"https://{HOST}/b".encode()
    assert wire.sock is kept_alive
    assert get(tunnel(HOST.upper()), "/c")[1] == f"https://{HOST}/c".encode()
    assert [entry.request.url for entry in replica.requests] == [
        f"https://{HOST}/{path}" for path in ("a?x=1", "b", "c")
    ]
    assert all(entry.answered_by_known_host for entry in replica.requests)


@pytest.mark.parametrize(("host", "port"), [("news.example.com", 443), (HOST, 22)])
def test_a_tunnel_elsewhere_is_refused(
    replica: Replica, tunnel: Tunnel, host: str, port: int
) -> None:
    with pytest.raises(OSError, match="502"):
        tunnel(host, port).connect()
    assert [entry.request.url for entry in replica.unknown] == [f"https://{host}/"]


def test_a_tunnel_leads_to_no_other_tunnel_and_no_unknown_host(
    replica: Replica, tunnel: Tunnel
) -> None:
    assert get(tunnel(), "/", {"Host": "news.example.com"})[0] == 502
    wire = tunnel()
    wire.request("CONNECT", f"{HOST}:443")
    assert wire.getresponse().status == 502
    assert len(replica.unknown) == 2


def test_its_certificates_are_trusted_by_who_is_told_to_and_nobody_else(
    replica: Replica, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"https://{HOST}/"
    for name, value in replica.environment.items():
        monkeypatch.setenv(name, value)
    with urllib.request.build_opener().open(url, timeout=5) as answer:
        assert answer.read() == url.encode()
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(urllib.error.URLError, match="certificate verify failed"):
        urllib.request.build_opener().open(url, timeout=5)


@pytest.mark.parametrize(
    ("flaw", "complaint"),
    [(Flaw.EXPIRED, "certificate has expired"), (Flaw.WRONG_HOST, "Hostname mismatch")],
)
def test_a_certificate_can_be_wrong(
    replica: Replica, tunnel: Tunnel, flaw: Flaw, complaint: str
) -> None:
    replica.flaws[HOST] = flaw
    with pytest.raises(ssl.SSLCertVerificationError, match=complaint):
        tunnel().connect()
    tunnel(SHARE).connect()
    del replica.flaws[HOST]
    tunnel().connect()


def test_a_tunnel_can_be_reset(replica: Replica, trusting: ssl.SSLContext) -> None:
    replica.faults = [Fault(HOST, failure=reset())]
    with trusting.wrap_socket(connected(replica), server_hostname=HOST) as wire:
        wire.sendall(f"GET / HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
        # Below TLS, which would tell of an end.
        with pytest.raises(ConnectionResetError, match="reset by peer"):
            list(iter(lambda: socket.socket.recv(wire, 1000), b""))


def test_a_tunnel_ends_as_it_should(replica: Replica, trusting: ssl.SSLContext) -> None:
    replica.faults = [Fault(HOST, failure=ended())]
    with trusting.wrap_socket(
        connected(replica), server_hostname=HOST, suppress_ragged_eofs=False
    ) as wire:
        wire.sendall(f"GET / HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
        answer = b"".join(iter(lambda: wire.recv(1000), b""))
    assert answer.endswith(b"\r\n\r\nhttps://finews.")


def test_nothing_stays_behind() -> None:
    with Replica({HOST: echo}) as replica:
        certificate = Path(replica.environment["SSL_CERT_FILE"])
        assert b"PRIVATE KEY" not in certificate.read_bytes()
    assert not certificate.exists()


@pytest.mark.parametrize("how", ["at once", "amid", "with nonsense", "reset"])
def test_a_client_may_hang_up_during_the_handshake(
    replica: Replica, tunnel: Tunnel, how: str, capfd: pytest.CaptureFixture[str]
) -> None:
    threads = threading.active_count()
    with connected(replica) as wire:
        if how == "amid":
            wire.sendall(b"\x16\x03\x01\x02\x00\x01")
        if how == "with nonsense":
            wire.sendall(b"GET / HTTP/1.1\r\n\r\n")
        if how == "reset":
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    assert_no_more_threads(than=threads)
    assert get(tunnel(), "/")[0] == 200
    assert capfd.readouterr() == ("", "")


def test_it_shuts_down_at_once_with_tunnels_open(capfd: pytest.CaptureFixture[str]) -> None:
    threads = threading.active_count()
    with Replica({HOST: echo}, faults=[Fault(HOST, "/hang", failure=hang())]) as replica:
        trusting = ssl.create_default_context(cafile=replica.environment["SSL_CERT_FILE"])
        silent = connected(replica)
        idle, hanging = (
            trusting.wrap_socket(connected(replica), server_hostname=HOST) for _ in range(2)
        )
        hanging.sendall(f"GET /hang HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
        while not replica.requests:
            time.sleep(0.01)
        start = time.monotonic()
    for wire in (silent, idle, hanging):
        with wire, suppress(ConnectionError):
            assert wire.recv(1) == b""
    assert time.monotonic() - start < 1
    assert_no_more_threads(than=threads)
    assert capfd.readouterr() == ("", "")


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

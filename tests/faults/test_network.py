"""Names without an address, connections refused, certificates that are wrong: whole sites gone."""

import os
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from archive.crawl_state import CrawlState
from archive.verify import verify
from demo.faults import Fault, status
from demo.replica import Replica, Site, folder_site, share_api_site
from tests.conftest import NO_DELAYS, ROOT, SAMPLES, Ended, posts_in
from tests.crawler.test_sample_site import REAL

SOURCES = """
[mirror]
site = "{site}"
hosts = ["finews.withounder.com"]
feed = "/feed.xml"
category = "/category/{{slug}}.html"
[share]
api = ["{site}NewsData/GetNewsText.do?id={{info_code}}"]
link = "http://finews.zning.xyz/html_News/NewsShare.html?infoCode={{info_code}}"
rolling_link = "http://finance.eastmoney.com/news/1355,{{digits}}.html"
"""


def crawl(site: str, folder: Path, **environment: str) -> Ended:
    sources = folder / "sources.toml"
    sources.write_text(SOURCES.format(site=site))
    plain = {key: value for key, value in os.environ.items() if "proxy" not in key.lower()}
    ended = subprocess.run(
        (
            *(sys.executable, "-m", "scrapy", "crawl", "finews", *NO_DELAYS),
            *("-s", f"FINEWS_SOURCES={sources}", "-s", f"FINEWS_ARCHIVE={folder / 'news'}"),
            *("-s", "RETRY_TIMES=1", "-s", "DNS_TIMEOUT=5"),
            *("-s", "FINEWS_REVISIT_SHARE=0", "-s", "FINEWS_REVISIT_DAYS=36500"),
        ),
        cwd=ROOT,
        env=plain | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return Ended(ended.returncode, ended.stdout, ended.stderr)


@pytest.fixture
def whole_site(sample_answers: dict[str, bytes]) -> Site:
    """Mirror and share API at one host."""
    share, mirror = share_api_site(sample_answers), folder_site(SAMPLES / "site")
    return lambda request: (share if "/NewsData/" in request.path else mirror)(request)


@pytest.mark.parametrize(
    ("gone", "told"),
    [
        ({}, "its host has no address."),
        ({"http_proxy": "http://127.0.0.1:1"}, "its host refuses connections."),
    ],
    ids=["no address", "refused"],
)
def test_a_site_that_is_gone_changes_nothing(
    gone: dict[str, str],
    told: str,
    whole_site: Site,
    sample_posts: dict[str, bytes],
    tmp_path: Path,
) -> None:
    host = "gone.invalid"
    page = f"/jingjiguanchawang/2021/12/29/{REAL}"
    with Replica(
        {host: whole_site}, faults=[Fault(host, page, failure=status(404), times=1)]
    ) as replica:
        up = {"http_proxy": replica.proxy_url}
        assert crawl(f"http://{host}/", tmp_path, **up).status == 0
        before = posts_in(tmp_path / "news")
        assert len(before) == len(sample_posts) - 1
        ended = crawl(f"http://{host}/", tmp_path, **gone)
        assert ended.status == 3, ended.log
        assert f"The list http://{host}/feed.xml was not read: " in ended.log
        assert f"{REAL} is not archived: " in ended.log
        assert told in ended.log
        assert "No list of the source could be had; try again later." in ended.log
        assert "Traceback" not in ended.log
        assert posts_in(tmp_path / "news") == before
        state = CrawlState(tmp_path / "news" / "crawl-state.db")
        assert [failed.times for failed in state.failures()] == [1]
        state.close()
        ended = crawl(f"http://{host}/", tmp_path, **up)
        assert (ended.status, posts_in(tmp_path / "news")) == (0, sample_posts), ended.log
    assert not verify(tmp_path / "news").problems


def certificate(folder: Path, ends: datetime) -> Path:
    """A certificate for localhost that signs itself, with its key, in one PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(ends - timedelta(days=30))
        .not_valid_after(ends)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{ends:%Y}.pem"
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return path


@contextmanager
def with_tls(site: Site, certificate: Path) -> Iterator[Replica]:
    """The site behind TLS, as `https://localhost:PORT/`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with Replica({"localhost": site}, tls=context) as replica:
        yield replica


def test_a_certificate_that_has_expired_is_not_trusted(
    whole_site: Site, sample_posts: dict[str, bytes], tmp_path: Path
) -> None:
    now = datetime.now(UTC)
    expired = certificate(tmp_path, now - timedelta(days=400))
    sound = certificate(tmp_path, now + timedelta(days=20))
    both = tmp_path / "trusted.pem"
    both.write_bytes(expired.read_bytes() + sound.read_bytes())
    with with_tls(whole_site, expired) as replica:
        site = replica.proxy_url.replace("http://127.0.0.1", "https://localhost")
        ended = crawl(f"{site}/", tmp_path, SSL_CERT_FILE=str(both))
        assert ended.status == 3, ended.log
        assert "could not be reached: its certificate is not valid." in ended.log
        assert not replica.requests
        assert not posts_in(tmp_path / "news")
    with with_tls(whole_site, sound) as replica:
        site = replica.proxy_url.replace("http://127.0.0.1", "https://localhost")
        ended = crawl(f"{site}/", tmp_path, SSL_CERT_FILE=str(both))
        assert (ended.status, posts_in(tmp_path / "news")) == (0, sample_posts), ended.log

"""With any robots.txt the crawl ends in bounded time and memory, and obeys the readable rules."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from protego import Protego

from crawler.robots import for_one_agent
from demo.exchange import Answer, Exchange, Site
from demo.faults import (
    Failure,
    Fault,
    bomb,
    drip,
    empty,
    endless_headers,
    garbage,
    hang,
    large,
    redirect,
    reset,
    status,
    truncated,
)
from demo.replica import Replica
from demo.share import share_api_site
from tests.conftest import posts_in
from tests.faults import crawls
from tests.faults.crawls import MOST_MEMORY
from tests.support.endless import filled, in_time

MEGABYTE = 1024 * 1024
US = "finews/0.1 (news archive; Scrapy)"
LINK = "http://finews.zning.xyz/html_News/NewsShare.html?infoCode=NW202112292230175548"
API = "/NewsData/GetNewsText.do"
TEXT = {"Content-Type": "text/plain; charset=utf-8"}
FORBIDDEN = b"User-agent: *\nDisallow: /\n"
RULES = "".join(f"Disallow: /{number}*{number}$\n" for number in range(10_000))
AGENTS = "".join(f"User-agent: agent{number}\n" for number in range(10_000))


@dataclass(frozen=True)
class Robots:
    """A robots.txt.

    :param reason: why it could not be fetched, in the log; None where it could.
    """

    failure: Failure
    forbids: bool = False
    reason: str | None = None


def says(text: str | bytes, *, forbids: bool = False) -> Robots:
    body = text if isinstance(text, bytes) else text.encode()
    return Robots(lambda exchange: exchange.send(Answer(200, body, TEXT)), forbids)


def sends(data: bytes) -> Robots:
    """Answer with bytes that no HTTP server sends."""

    def fail(exchange: Exchange) -> None:
        exchange.write(data)
        exchange.close()

    return Robots(fail, reason="its answer is not HTTP")


HOSTILE = {
    "200 MB": Robots(large(200 * MEGABYTE), reason="the answer is larger than DOWNLOAD_MAXSIZE"),
    "endless": Robots(
        large(200 * MEGABYTE, promised=False), reason="the answer is larger than DOWNLOAD_MAXSIZE"
    ),
    "headers": Robots(endless_headers(), reason="the answer has more than 256 KiB of headers"),
    "another protocol": sends(b"SSH-2.0-OpenSSH_9.6\r\n\r\n"),
    "no status": sends(b"HTTP/1.1 fine OK\r\n\r\n"),
    "a header's name": sends(b"HTTP/1.1 200 OK\r\nX \xff: 1\r\n\r\n"),
    "two lengths": sends(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n"),
    "an encoding": sends(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: unheard-of\r\n\r\n"),
    "drip": Robots(drip(), reason="the whole answer did not come in time"),
    "hang": Robots(hang(), reason="the whole answer did not come in time"),
    "bomb": Robots(bomb(200 * MEGABYTE), reason="exceeded DOWNLOAD_MAXSIZE"),
    "reset": Robots(reset(), reason="its host closed the connection without an answer"),
    "cut": Robots(truncated(), reason="the answer ended too early"),
    "empty": Robots(empty()),
    "loop": Robots(redirect("/robots.txt"), reason="max redirections reached"),
    "another host": Robots(
        redirect("http://elsewhere.test/robots.txt"),
        reason="elsewhere.test is not one of the hosts of this crawl",
    ),
    "private address": Robots(
        redirect("https://169.254.169.254/robots.txt"),
        reason="169.254.169.254 is not one of the hosts of this crawl",
    ),
    "file": Robots(redirect("file:///etc/passwd")),
    "500": Robots(status(500, body=FORBIDDEN), reason="it answered with status 500"),
    "503": Robots(status(503, body=FORBIDDEN), reason="it answered with status 503"),
    "403": Robots(status(403, body=FORBIDDEN)),
    "404": Robots(status(404, body=FORBIDDEN)),
    "a page": Robots(garbage()),
    "binary": says(bytes(range(256)) * 4000),
    "UTF-16": says(FORBIDDEN.decode().encode("utf-16")),
    "GBK": says(
        "User-agent: *\nDisallow: /新闻\nDisallow: /NewsData\n".encode("gbk"), forbids=True
    ),
    "BOM": says(b"\xef\xbb\xbf" + FORBIDDEN, forbids=True),
    "10,000 rules": says(f"User-agent: *\n{RULES}"),
    "10,000 rules and one": says(f"User-agent: *\n{RULES}Disallow: /NewsData\n", forbids=True),
    "10,000 agents with 10,000 rules": says(AGENTS + RULES),
    "10,000 agents and us": says(
        f"{AGENTS}User-agent: *\n{RULES}Disallow: /News*id=*\n", forbids=True
    ),
    "stars": says(f"User-agent: *\nDisallow: /{filled('*N', MEGABYTE // 4)}x\n"),
    "a long line": says("User-agent: *\nDisallow: /" + filled("x", 7 * MEGABYTE)),
    "long delays": says("User-agent: *\nCrawl-delay: 1e300\nRequest-rate: 1/99999999d\n"),
}


def host_of(articles: Site) -> Site:
    """Return a share host whose robots.txt allows all."""
    plain = Answer(200, b"User-agent: *\nDisallow: /private\n", TEXT)
    return lambda request: plain if request.path == "/robots.txt" else articles(request)


def test_whatever_robots_txt_is_the_crawl_goes_on_and_obeys(
    archive: Path, sources: Path, sample_answers: dict[str, bytes]
) -> None:
    """Request an article from one host after the other, each with another robots.txt."""
    hosts = {name: f"share{number}.test" for number, name in enumerate(HOSTILE)}
    api = [f"http://{host}{API}?id={{info_code}}" for host in (*hosts.values(), "last.test")]
    text = sources.read_text(encoding="utf-8")
    sources.write_text(re.sub(r"(?s)api = \[.*?\]", f"api = {json.dumps(api)}", text, count=1))
    sites = dict.fromkeys(hosts.values(), host_of(share_api_site({})))
    sites["last.test"] = host_of(share_api_site(sample_answers))
    faults = [
        Fault(hosts[name], "/robots.txt", failure=robots.failure)
        for name, robots in HOSTILE.items()
    ]
    with Replica(sites, faults=faults) as replica:
        ended = crawls.crawl(
            *(replica, archive, ("finews", "-a", f"share={LINK}")),
            {"FINEWS_SOURCES": sources, "DOWNLOAD_TIMEOUT": 2, "RETRY_TIMES": 0},
        )
        assert not replica.unknown
    assert (ended.status, len(posts_in(archive))) == (0, 1), ended.log
    assert "Traceback" not in ended.log, ended.log
    assert "Error downloading" not in ended.log
    assert ended.seconds < 60
    assert ended.peak < MOST_MEMORY
    asked = {entry.request.host for entry in replica.requests if entry.request.path == API}
    for name, robots in HOSTILE.items():
        host = re.escape(hosts[name])
        sentence = rf"WARNING: The robots.txt of {host} could not be fetched, .*: (.*)\.\n"
        sentences = re.findall(sentence, ended.log)
        assert (hosts[name] not in asked, len(sentences)) == (
            robots.forbids,
            bool(robots.reason),
        ), name
        assert robots.reason is None or robots.reason in sentences[0], name


def test_rules_for_others_cost_nothing() -> None:
    with in_time(5):
        for robots in (AGENTS + RULES, f"{AGENTS}User-agent: *\n{RULES}Disallow: /x\n" * 2):
            rules = Protego.parse(for_one_agent(US, robots.encode()).decode())
            assert rules.can_fetch("http://x.test/x", US) is ("*" not in robots.partition("Dis")[0])


def test_half_a_rule_is_left_out() -> None:
    robots = f"User-agent: *\nDisallow: /{'x' * 600_000}\n".encode()
    assert for_one_agent(US, robots) == b"User-agent: *"


AGENTS_NAMED = ["*", "finews", "Finews/0.1", "SCRAPY", "other", "finews*", "finewsbot", ""]
PATHS = ["/", "/a", "/a/b", "/*b", "/a$", "", "/新", "/%61"]
LINES = st.one_of(
    st.builds(
        "{}{}{}".format,
        st.sampled_from(["User-agent:", " useragent: ", "USER AGENT "]),
        st.sampled_from(AGENTS_NAMED),
        st.sampled_from(["", " # x", "  "]),
    ),
    st.builds(
        "{} {}".format, st.sampled_from(["Disallow:", "allow:", "Allow"]), st.sampled_from(PATHS)
    ),
    st.sampled_from(["", "# x", "Sitemap: /x", "Crawl-delay: 5", "x", "x: y"]),
)


@given(lines=st.lists(LINES, max_size=12), end=st.sampled_from(["\n", "\r\n", "\x0b", "\u2028"]))
def test_what_is_for_one_agent_us_stays_what_it_was(lines: list[str], end: str) -> None:
    text = end.join(lines)
    whole, ours = Protego.parse(text), Protego.parse(for_one_agent(US, text.encode()).decode())
    for path in ("/", "/a", "/a/b", "/b", "/新"):
        address = f"http://x.test{path}"
        assert ours.can_fetch(address, US) is whole.can_fetch(address, US)

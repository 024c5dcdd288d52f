"""What operators look at: /healthz, /metrics and the page of the state."""

import asyncio
import json
import re
import shutil
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from parsel import Selector
from prometheus_client.parser import text_string_to_metric_families

from archive.archive import Archive
from archive.browse.plugin import open_site
from archive.browse.site import Site
from archive.errors import FinewsError
from tests.conftest import ROOT

DASHBOARD = ROOT / "deploy" / "grafana.json"


@pytest.fixture(scope="module")
def folder(news: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive with two crawls: of the mirror now, and of a source that failed."""
    folder = tmp_path_factory.mktemp("operations") / "news"
    shutil.copytree(news, folder)
    now = datetime.now(UTC) - timedelta(minutes=10)
    traffic = {"a.test/requests": 3, "a.test/status/200": 2, "a.test/status/403": 1}
    with Archive(folder, clock=lambda: now) as archive:
        for spider, status in (("finews", 0), ("ths", 4)):
            crawl = archive.begin_crawl(spider, {})
            counts = {"added": 1, "hosts": json.dumps({**traffic, "a.test/bytes": 1000})}
            archive.end_crawl(crawl, status, f"{spider} has ended.", counts)
        day = timedelta(days=1)
        archive.crawl_state.block("b.test", "status 403", now, day, day)
    return folder


@pytest.fixture
def operated(folder: Path) -> Iterator[Site]:
    site = open_site(folder, metrics=True)
    yield site
    site.close()


def visit(site: Site, path: str) -> httpx.Response:
    return asyncio.run(site.client.get(path))


def samples(site: Site) -> dict[tuple[str, tuple[str, ...]], float]:
    """Return the samples by name and values of the sorted labels, as Prometheus reads them."""
    response = visit(site, "/metrics")
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/plain; version=")
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(response.text)
        for sample in family.samples
    }


def test_the_metrics_count_crawls_articles_and_requests(operated: Site) -> None:
    found = samples(operated)
    assert found["finews_articles", ("eastmoney",)] == 95
    assert found["finews_events_total", ("edited", "eastmoney")] == 2
    assert found["finews_crawls_total", ("finews", "0")] == 1
    assert found["finews_crawls_total", ("ths", "4")] == 1
    assert found["finews_requests_total", ("a.test",)] == 6
    assert found["finews_responses_total", ("a.test", "403")] == 2
    assert found["finews_received_bytes_total", ("a.test",)] == 2000
    assert found["finews_host_blocked_until_timestamp_seconds", ("b.test", "true")] > 0
    assert found["finews_size_bytes", ("catalog",)] > 100_000
    assert found["finews_revisits_due", ("eastmoney",)] == 0, "its articles are years old"
    assert found["finews_revisits_expected_edits", ("eastmoney",)] == 0
    success = found["finews_last_success_timestamp_seconds", ("finews",)]
    assert 0 < datetime.now(UTC).timestamp() - success < 3600
    assert samples(operated)["finews_requests_total", ("a.test",)] == 6, "each crawl counts once"


def test_health_is_that_of_each_source(operated: Site) -> None:
    all_sources = visit(operated, "/healthz")
    assert all_sources.status_code == 503
    assert {name: each["fresh"] for name, each in all_sources.json()["sources"].items()} == {
        "finews": True,
        "ths": False,
    }
    assert visit(operated, "/healthz?source=finews").json()["status"] == "ok"
    assert visit(operated, "/healthz?source=finews&max_age=60").status_code == 503
    assert visit(operated, "/healthz?source=nobody").status_code == 503
    assert visit(operated, "/healthz?max_age=soon").status_code == 400


def test_the_page_shows_sources_and_hosts(operated: Site) -> None:
    page = Selector(visit(operated, "/status").text)
    assert page.css("h1::text").get() == "运行状况"
    text = " ".join(page.css("main ::text").getall())
    for stated in ("finews", "正常", "ths", "失败", "ths has ended.", "b.test", "状态 403"):
        assert stated in text


def test_none_of_them_is_public_unless_allowed(folder: Path) -> None:
    site = open_site(folder)
    for path in ("/healthz", "/metrics", "/status"):
        assert visit(site, path).status_code == 404
    site.close()


def test_the_missing_package_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    with pytest.raises(FinewsError, match="needs the package prometheus-client"):
        open_site(folder, metrics=True)


def test_the_dashboard_asks_for_metrics_that_exist(operated: Site) -> None:
    names = set(re.findall(r"^# TYPE (\w+) ", visit(operated, "/metrics").text, re.MULTILINE))
    dashboard = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    queries = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    asked = {name for query in queries for name in re.findall(r"finews_\w+", query)}
    assert len(asked) > 8
    assert asked <= names

"""Serve what operators need: ``/healthz``, ``/metrics`` and the page ``/status``."""

import json
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec

from datasette.utils.asgi import BadRequest, Request, Response

from archive.browse.pages import View
from archive.browse.site import Site
from archive.errors import FinewsError
from archive.monitoring import ArchiveState, read_state
from archive.translation import gettext

# Seconds since the last successful crawl up to which a source is fresh.
_MAX_AGE = 3600

# Failures that the page shows.
_SHOWN = 50


def routes() -> list[tuple[str, View]]:
    """Return the routes; Prometheus needs the package prometheus-client.

    :raises FinewsError: when that package is not installed.
    """
    if find_spec("prometheus_client") is None:
        raise FinewsError(
            "--metrics needs the package prometheus-client; install finews-archive with the extra "
            "metrics."
        )
    from prometheus_client import CONTENT_TYPE_LATEST

    from archive.monitoring.metrics import DueRevisits, TrafficTotals, metrics_text

    totals, due = TrafficTotals(), DueRevisits()

    async def metrics(request: Request, datasette: Site) -> Response:
        state = await _state(datasette)
        traffic = await datasette.ask(totals.read, state)
        revisits = await datasette.ask(lambda _: due.read(datasette.folder, state))
        text = metrics_text(state, traffic, revisits)
        return Response(text, content_type=CONTENT_TYPE_LATEST)

    return [(r"/metrics$", metrics), (r"/healthz$", healthz), (r"/status$", status)]


async def healthz(request: Request, datasette: Site) -> Response:
    """Answer ``/healthz?source=&max_age=``: status 200 when every source is fresh, else 503."""
    age = request.args.get("max_age") or str(_MAX_AGE)
    if not (age.isascii() and age.isdigit() and len(age) < 10):
        raise BadRequest(gettext("max_age is a number of seconds."))
    state = await _state(datasette)
    if (source := request.args.get("source")) is not None:
        chosen = {name: health for name, health in state.sources.items() if name == source}
    else:
        chosen = state.in_use()
    oldest = state.now - timedelta(seconds=int(age))
    sources = {
        name: {
            "fresh": health.last_success is not None and health.last_success >= oldest,
            "last_success": _text(health.last_success),
            "last_crawl": _text(health.last_crawl),
            "exit_status": health.status,
            "verdict": health.verdict,
        }
        for name, health in chosen.items()
    }
    fresh = bool(sources) and all(each["fresh"] for each in sources.values())
    body = {"status": "ok" if fresh else "stale", "sources": sources}
    return Response(
        json.dumps(body, ensure_ascii=False),
        status=200 if fresh else 503,
        content_type="application/json",
    )


async def status(request: Request, datasette: Site) -> Response:
    """Answer ``/status``, the state of crawls, sources and hosts for people."""
    state = await _state(datasette)
    variables = {"state": state, "failures": state.failures[:_SHOWN]}
    return Response.html(await datasette.render_template("status.html", variables, request=request))


async def _state(datasette: Site) -> ArchiveState:
    return await datasette.ask(
        lambda connection: read_state(connection, datasette.folder, datetime.now(UTC))
    )


def _text(time: datetime | None) -> str | None:
    return time.isoformat() if time else None

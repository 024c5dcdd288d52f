"""Answer conditional requests (RFC 9110, section 13): 304 for a body that the client has."""

import gzip
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from hashlib import sha256

from datasette.utils.asgi import Request, Response

#: Compression level of gzip, 0 to 9.
_COMPRESSION = 5


def conditional(
    request: Request, body: bytes, content_type: str, *, modified: str | None, max_age: int
) -> Response:
    """Return a body, compressed if the client accepts gzip, or status 304 if the client has it.

    :param modified: time of the last change, ISO 8601; None when unknown.
    :param max_age: seconds for which clients may cache the body.
    """
    etag = f'W/"{sha256(body).hexdigest()[:32]}"'
    headers = {"Cache-Control": f"max-age={max_age}", "ETag": etag, "Vary": "Accept-Encoding"}
    changed = None
    if modified is not None:
        changed = datetime.fromisoformat(modified).astimezone(UTC).replace(microsecond=0)
        if changed <= datetime.now(UTC):
            headers["Last-Modified"] = format_datetime(changed, usegmt=True)
    if _is_current(request, etag, changed):
        return Response("", status=304, headers=headers, content_type=content_type)
    if _accepts_gzip(request.headers.get("accept-encoding", "")):
        body = gzip.compress(body, _COMPRESSION, mtime=0)
        headers["Content-Encoding"] = "gzip"
    return Response(body, headers=headers, content_type=content_type)


def _is_current(request: Request, etag: str, changed: datetime | None) -> bool:
    expected = request.headers.get("if-none-match")
    if expected is not None:
        tags = {tag.strip().removeprefix("W/") for tag in expected.split(",")}
        return "*" in tags or etag.removeprefix("W/") in tags
    since = _time_in(request.headers.get("if-modified-since", ""))
    return since is not None and changed is not None and changed <= since


def _time_in(header: str) -> datetime | None:
    try:
        time = parsedate_to_datetime(header)
    except ValueError:
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _accepts_gzip(header: str) -> bool:
    for coding in header.lower().split(","):
        name, _, parameters = coding.partition(";")
        if name.strip() in {"gzip", "x-gzip", "*"}:
            quality = parameters.partition("q=")[2].strip() or "1"
            return quality.strip("0.") != ""
    return False

"""Web archives as other programs write them, with recorded answers in them."""

import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from tests.conftest import SAMPLES
from tests.support.source_answers import RECORDED

CAPTURED = "2026-11-20T08:00:00Z"
CAIXUN = SAMPLES / "caixun"


@dataclass(frozen=True)
class Page:
    """An answer.

    :param coding: its Content-Encoding; the body is encoded already.
    """

    url: str
    body: bytes
    media_type: str = "text/html; charset=utf-8"
    date: str = CAPTURED
    status: int = 200
    headers: Sequence[tuple[str, str]] = field(default=())
    warc_headers: Sequence[tuple[str, str]] = field(default=())


def recorded(source: str, name: str, date: str = CAPTURED) -> Page:
    """Return a recorded answer."""
    folder = RECORDED / source
    about = json.loads((folder / "expected.json").read_text(encoding="utf-8"))["files"][name]
    kind = {"html": "text/html", "json": "application/json", "js": "text/javascript"}
    media_type = kind.get(name.rpartition(".")[2], "text/html")
    return Page(about["address"], (folder / name).read_bytes(), media_type, date)


def caixun(number: int, date: str = CAPTURED) -> Page:
    """Return a page of a made-up publisher that no declaration describes."""
    name = f"cx-2026-{number:06}.html"
    return Page(f"https://www.caixun.example/news/{name}", (CAIXUN / name).read_bytes(), date=date)


def write_warc(path: Path, pages: Sequence[Page], *, version: str = "1.1") -> Path:
    """Write a WARC file with warcio; compressed by its name."""
    with path.open("wb") as file:
        write_records(file, pages, gzip=path.suffix == ".gz", version=version)
    return path


def write_records(
    file: io.BufferedIOBase, pages: Sequence[Page], *, gzip: bool = True, version: str = "1.1"
) -> None:
    """Write records with warcio, each with its request, as a crawler does."""
    writer = WARCWriter(file, gzip=gzip, warc_version=version)
    writer.write_record(writer.create_warcinfo_record("a.warc.gz", {"software": "other"}))
    for page in pages:
        headers = [("Content-Type", page.media_type), *page.headers]
        for kind, first, body in (
            ("response", f"{page.status} OK", page.body),
            ("request", "GET / HTTP/1.1", b""),
        ):
            protocol = "HTTP/1.1" if kind == "response" else ""
            is_response = kind == "response"
            heading = StatusAndHeaders(first, headers if is_response else [], protocol=protocol)
            writer.write_record(
                writer.create_warc_record(
                    page.url,
                    kind,
                    payload=io.BytesIO(body),
                    length=len(body),
                    http_headers=heading,
                    warc_headers_dict={"WARC-Date": page.date, **dict(page.warc_headers)},
                )
            )


def write_wacz(path: Path, pages: Sequence[Page], *, compression: int = zipfile.ZIP_STORED) -> Path:
    """Write a WACZ as Browsertrix does: two WARC files, stored; names that lead outside, too."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("datapackage.json", "{}", zipfile.ZIP_DEFLATED)
        archive.writestr("../../outside.cdx.gz", b"", zipfile.ZIP_DEFLATED)
        for number in (0, 1):
            data = io.BytesIO()
            write_records(data, pages[number::2])
            archive.writestr(f"archive/rec-{number}.warc.gz", data.getvalue(), compression)
    return path

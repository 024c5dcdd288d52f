"""What raw captures cost: time and bytes per page, against reading the same page.

python -m bench.captures [--pages 2000]
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from scrapy.http import HtmlResponse

from archive.warc import CaptureWriter, Exchange
from crawler.pages.post_page import PostPage
from demo.mirror import MIRROR_HOST, rendered_site
from demo.site import BUILT, made_up_site


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=2000)
    made = list(pages(parser.parse_args().pages))
    size = sum(len(body) for _, body in made)
    with tempfile.TemporaryDirectory() as folder:
        writer = CaptureWriter(Path(folder), datetime.now(UTC), find_payload=lambda _: None)
        capture = _seconds(lambda: [writer.capture(exchange_of(*page)) for page in made])
        writer.close()
        kept = sum(path.stat().st_size for path in Path(folder).iterdir())
    read = _seconds(lambda: [PostPage(_response(*page)).facts() for page in made])
    print(f"pages                         {len(made)} of {size / len(made):,.0f} bytes")
    print(f"reading a page                {read / len(made) * 1e3:.2f} ms (baseline)")
    print(
        f"keeping it and its request    {capture / len(made) * 1e3:.2f} ms, {capture / read:.2f}x"
    )
    print(f"bytes kept for a page         {kept / len(made):,.0f}, {kept / size:.2f}x of its own")


def pages(count: int) -> list[tuple[str, bytes]]:
    """Post pages of the made-up site, each told from all others by its beginning."""
    site = rendered_site(made_up_site().articles, BUILT)
    posts = [(path, page) for path, page in site.items() if "/202" in path]
    return [
        (f"http://{MIRROR_HOST}{path}?{number}", b"<!-- %d -->%s" % (number, _bytes(page)))
        for number, (path, page) in zip(
            range(count), posts * (count // len(posts) + 1), strict=False
        )
    ]


def _bytes(page: str | bytes) -> bytes:
    return page if isinstance(page, bytes) else page.encode()


def exchange_of(url: str, body: bytes) -> Exchange:
    """A page as it came."""
    return Exchange(
        url=url,
        method="GET",
        request_headers=[("Host", MIRROR_HOST), ("Accept", "text/html"), ("User-Agent", "finews")],
        status=200,
        response_headers=[("Content-Type", "text/html; charset=utf-8"), ("Server", "GitHub.com")],
        body=body,
        received=datetime.now(UTC),
    )


def _response(url: str, body: bytes) -> HtmlResponse:
    return HtmlResponse(url, body=body, encoding="utf-8")


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()

"""Fetches the pictures that the archive lacks, with Scrapy's pipeline for files."""

from io import BytesIO
from typing import Any, ClassVar, NoReturn, Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import DownloadCancelledError, IgnoreRequest, NotConfigured
from scrapy.http import Response
from scrapy.pipelines.files import FilesPipeline, StatInfo
from scrapy.pipelines.media import FileInfo, FileInfoOrError, MediaPipeline
from scrapy.spidermiddlewares.httperror import HttpError
from scrapy.utils.defer import deferred_from_coro
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from archive.errors import FinewsError
from archive.storage import media_type
from crawler.extensions.circuit_breaker import CircuitBreaker
from crawler.failures import Failures, reason_of
from crawler.items import Item, MissingPicture
from crawler.middlewares.redirect import REDIRECTS
from crawler.network_errors import HostBlocked
from crawler.pipelines.store import StorePipeline
from crawler.request_meta import PICTURE
from crawler.scrapy_internals import forget_media

#: The address of the store, whose scheme selects `ArchiveStore`.
_STORE = "archive:media"


class NoPicture(FinewsError):
    """An answer that is no picture.

    :param reason: a word for the statistics.
    :param sentence: the same for the log.
    """

    def __init__(self, reason: str, sentence: str) -> None:
        super().__init__(sentence)
        self.reason = reason


class ArchiveStore:
    """The store of `PicturePipeline`: the archive, which names a file after its bytes.

    It writes through the store pipeline, which writes one item at a time.
    """

    def __init__(self, basedir: str) -> None:
        """Take the arguments of `FilesPipeline`, which builds the store."""

    def persist_file(
        self,
        path: str,
        buf: BytesIO,
        info: MediaPipeline.SpiderInfo,
        meta: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> Deferred[None]:
        """Store the picture whose address is `path`."""
        store = info.spider.crawler.get_item_pipeline(StorePipeline)
        assert store is not None, "ITEM_PIPELINES has no StorePipeline"
        return deferred_from_coro(store.store_picture(path, buf.getvalue()))

    def stat_file(self, path: str, info: MediaPipeline.SpiderInfo) -> StatInfo:
        """Return nothing: only pictures that the archive lacks are fetched."""
        return {}


class PicturePipeline(FilesPipeline):
    """Scrapy's FilesPipeline for each `MissingPicture`; other items pass it unchanged.

    The extension `PictureFetches` passes pictures directly to this pipeline. Their requests bypass
    the scheduler, so the extension limits how many are sent at once. A failure is one sentence in
    the log. Stats: ``picture/failed/<reason>``; the store pipeline counts ``picture/kept``.
    """

    STORE_SCHEMES: ClassVar = {"archive": ArchiveStore}

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(_STORE, crawler=crawler)
        self._failures = Failures(crawler)
        self._breaker = CircuitBreaker.of(crawler)
        self._most_bytes = crawler.settings.getint("FINEWS_PICTURE_MAXSIZE")

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Build the pipeline, if the extension `PictureFetches` is on; Scrapy calls this."""
        if not crawler.settings.getbool("FINEWS_MEDIA"):
            raise NotConfigured
        return cls(crawler)

    def get_media_requests(
        self, item: Item | MissingPicture, info: MediaPipeline.SpiderInfo
    ) -> list[Request]:
        """Return the request for a picture; none for other items."""
        if not isinstance(item, MissingPicture):
            return []
        meta = {
            PICTURE: item,
            "dont_retry": True,
            "download_maxsize": self._most_bytes,
            "referrer_policy": "no-referrer",
        }
        return [Request(item.address, headers={"Accept": "image/*"}, meta=meta)]

    async def media_downloaded(
        self,
        response: Response,
        request: Request,
        info: MediaPipeline.SpiderInfo,
        *,
        item: Any = None,
    ) -> FileInfo:
        """Store a picture.

        :raises NoPicture: when the answer is no picture.
        :raises HttpError: when the status of the answer is not 200.
        """
        if response.status in REDIRECTS:
            location = (response.headers.get("Location") or b"").decode("latin-1")
            sentence = f"{response.url} leads to {location!r}, which is no picture host."
            raise NoPicture("redirect", sentence)
        if response.status != 200:
            raise HttpError(response)
        if media_type(response.body) is None:
            sentence = f"{response.url} is no JPEG, PNG, GIF or WebP picture."
            raise NoPicture("no_picture", sentence)
        stored = await super().media_downloaded(response, request, info, item=item)
        self._breaker.count_picture(request, stored=True)
        return stored

    def media_failed(
        self, failure: Failure, request: Request, info: MediaPipeline.SpiderInfo
    ) -> NoReturn:
        """Record why there is no picture, except where its host is blocked.

        :raises Exception: always; Scrapy's own for a filtered request, because Scrapy would log any
            other in its own words as well.
        """
        picture: MissingPicture = request.meta[PICTURE]
        picture.error = failure.value
        if not isinstance(picture.error, HostBlocked):
            self._breaker.count_picture(request, stored=False)
            self._note(failure, picture, request)
        filtered = Failure(IgnoreRequest(str(picture.error)))  # type: ignore[no-untyped-call]
        super().media_failed(filtered, request, info)

    def file_path(
        self,
        request: Request,
        response: Response | None = None,
        info: MediaPipeline.SpiderInfo | None = None,
        *,
        item: Any = None,
    ) -> str:
        """Return the address, which the archive stores the picture under."""
        picture: MissingPicture = request.meta[PICTURE]
        return picture.address

    def item_completed(
        self,
        results: list[FileInfoOrError],
        item: Item | MissingPicture,
        info: MediaPipeline.SpiderInfo,
    ) -> Item | MissingPicture:
        """Return the item; a failure has been logged already."""
        forget_media(info)  # each picture is requested once
        return item

    def _note(self, failure: Failure, picture: MissingPicture, request: Request) -> None:
        error = failure.value
        if isinstance(error, NoPicture):
            reason, sentence = error.reason, str(error)
        elif isinstance(error, DownloadCancelledError):
            reason = "too_large"
            sentence = f"{request.url} has more than {self._most_bytes} bytes."
        else:
            reason, sentence = reason_of(failure, request.url)
        answered = isinstance(error, NoPicture | HttpError | DownloadCancelledError)
        self._failures.of_picture(picture.address, reason, sentence, answered=answered)

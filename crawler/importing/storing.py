"""Write imported articles to the archive, each as of the time at which it was captured."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime

from archive.archive import Archive
from archive.article import Article, BodySource, Edition
from archive.article_id import ArticleId
from archive.catalog import PostRow
from archive.content import format_post
from archive.storage import sha256
from archive.writing import Outcome
from crawler.pipelines.normalise import normalise

_BATCH = 50


class Storing:
    """Writes articles in batches.

    Attribute `counts` has the number of articles by what the archive did with them.
    """

    def __init__(self, archive: Archive, now: datetime) -> None:
        self.counts: Counter[Outcome] = Counter()
        self._archive = archive
        self._now = now
        self._batch: dict[tuple[ArticleId, Edition], tuple[Article, datetime]] = {}

    def add(
        self,
        article: Article,
        captured: datetime | None,
        with_capture: Callable[[Article], Article] = lambda article: article,
    ) -> None:
        """Add an article, unless the archive has it already.

        :param captured: when its source had it; aware. None where that is not known: an article
            that is archived stays as it is then.
        :param with_capture: stores the capture of an article, and returns the article with it.
        :raises Refused: when it can be no post.
        """
        article = normalise(article, self._archive.category_of)
        post = article.info_code, article.edition
        if post in self._batch:
            self.write()
        stored = self._stored(article)
        if stored is not None and not _is_news(article, captured, stored):
            self.counts[Outcome.UNCHANGED] += 1
            return
        when = captured or self._now
        if stored is not None:
            when = max(when, datetime.fromisoformat(stored.checked))
        self._batch[post] = with_capture(article), when
        if len(self._batch) >= _BATCH:
            self.write()

    def write(self) -> None:
        """Write what was added; it is on the disk before this method returns."""
        articles, seen = [], []
        for article, when in self._batch.values():
            articles.append(article)
            seen.append(when)
        self._batch.clear()
        self.counts.update(self._archive.add_many(articles, seen))

    def _stored(self, article: Article) -> PostRow | None:
        if not self._archive.has(article.info_code, article.edition):
            return None
        rows = self._archive.editions(article.info_code)
        return next((row for row in rows if row.edition is article.edition), None)


def _is_news(article: Article, captured: datetime | None, stored: PostRow) -> bool:
    """Return whether an article is more than the archive has: a later version, or a better body."""
    if captured is None or sha256(format_post(article)) == stored.sha256:
        return False
    if stored.body_source is None:  # of an imported post, nobody knows where its body is from
        return True
    source = BodySource(stored.body_source)
    if article.body_source.is_worse_than(source):
        return False
    is_later = captured.replace(microsecond=0) > datetime.fromisoformat(stored.checked)
    return is_later or source.is_worse_than(article.body_source)

"""The captures of an archive give the articles that the archive has."""

from pathlib import Path

from archive.warc import warc_files
from demo.replica import Replica
from tests.conftest import Crawl
from tests.crawler.importing.conftest import Import, is_whole, posts


def test_the_captures_of_a_crawl_of_the_mirror_give_its_posts(
    crawl: Crawl, replica: Replica, archive: Path, run: Import, news: Path
) -> None:
    assert crawl().status == 0
    assert archive != news
    ended = run(*warc_files(archive / "warc"))
    assert "0 not imported" in ended.stdout, ended.output
    columns = "info_code, sha256, body_source"
    assert posts(news, columns) == posts(archive, columns)
    assert is_whole(news)

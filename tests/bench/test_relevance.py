"""The labels and the score of `bench.relevance`, and the ranking of recorded articles."""

from contextlib import closing
from itertools import chain
from pathlib import Path

import pytest

from archive.archive import Archive
from archive.importing import import_posts
from archive.storage import open_catalog
from bench.relevance import LabelledPost, LabelledQuery, ndcg, plain, print_scores
from tests.conftest import SAMPLES
from tests.crawler.declarations.recorded import LISTS
from tests.support.declared_articles import OF_SOURCES, listed_articles


def test_the_score_is_that_of_the_definition() -> None:
    labels = [0, 3, 1, 2, 0]
    assert ndcg([3, 2, 1], labels) == 1
    assert ndcg([1, 2, 3], labels) == pytest.approx(
        (1 + 3 / 1.584963 + 7 / 2) / (7 + 3 / 1.584963 + 1 / 2), rel=1e-6
    )
    assert ndcg([3], [3] * 20) < ndcg([3] * 10, [3] * 20) == ndcg([3] * 10 + [0], [3] * 20) == 1
    assert (ndcg([], labels), ndcg([], [0]), ndcg([0], [0])) == (0, 1, 0)


def test_a_label_is_the_best_place_of_all_terms() -> None:
    post = LabelledPost("央行降准", "市场反应", plain("銀行 ＡＩ"), frozenset({"1.600519"}))
    for terms, label in (
        (("央行",), 3),
        (("央行", "市场"), 2),
        (("央行", "银行"), 1),
        (("ai",), 1),
        (("央行", "美元"), 0),
    ):
        assert LabelledQuery("", "", terms).label(post) == label
    code = LabelledQuery("", "600519", ("贵州茅台", "600519"), "1.600519", means_it=True)
    assert code.label(post) == 1
    other = LabelledQuery("", "000858", ("五粮液", "央行"), "0.000858", means_it=True)
    assert other.label(post) == 0


def test_recorded_articles_are_ranked_as_labelled(tmp_path: Path) -> None:
    listed = (listed_articles(source, name) for source in LISTS for name in LISTS[source])
    import_posts(tmp_path, [SAMPLES / "posts"])
    with Archive(tmp_path) as archive:
        archive.add_many([*chain.from_iterable(listed), *OF_SOURCES])
    with closing(open_catalog(tmp_path)) as connection:
        ((posts,),) = connection.execute("SELECT count(*) FROM posts").fetchall()
    assert posts > 50
    assert print_scores("recorded", tmp_path, 150) > 0.95

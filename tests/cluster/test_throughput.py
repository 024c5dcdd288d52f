"""More workers bring more: `python -m bench.cluster` measures it at length."""

from pathlib import Path

from bench.cluster import articles_a_second
from demo.brokers import Broker
from demo.several import several_sites

FLOOR = 2.0
"""Of what four workers bring, by what one does; the bench has more than 3."""


def test_four_workers_bring_more_than_one(rabbitmq: Broker, tmp_path: Path) -> None:
    sites = list(several_sites(5))
    since = 'since = "{:%Y-%m-%d}"'
    latest = [max(article.published for article in one.made_up.articles) for one in sites]
    assert len(latest) == 5
    one = articles_a_second(rabbitmq, sites[4:], 1, tmp_path / "one", since.format(latest[4]))
    four = articles_a_second(rabbitmq, sites[:4], 4, tmp_path / "four", since.format(latest[3]))
    assert four / one > FLOOR

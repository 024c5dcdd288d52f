"""Whatever names an article, it is one article."""

import pytest

from crawler.declarations.identity import article_id, rewritten
from tests.crawler.declarations.recorded import declaration


@pytest.mark.parametrize(
    ("source", "own_id", "address", "space", "known_as"),
    [
        (
            "ths",
            "680400243",
            "https://news.10jqka.com.cn/20260930/c680400243.shtml",
            "",
            "ths-680400243",
        ),
        (
            "ths",
            None,
            "http://m.10jqka.com.cn/20260930/c680400243.shtml?from=app",
            "",
            "ths-680400243",
        ),
        (
            "sina",
            None,
            "https://finance.sina.cn/stock/detail-inithkhe0167792.d.html",
            "",
            "sina-nithkhe0167792",
        ),
        (
            "sina",
            "nithkhe0167792",
            "https://finance.sina.com.cn/s/2026-09-27/doc-inithkhe0167792.shtml",
            "",
            "sina-nithkhe0167792",
        ),
        ("sina", "5103048", None, "live", "sina-live-5103048"),
        (
            "wscn",
            "3167593",
            "https://wallstreetcn.com/livenews/3167593",
            "live",
            "wscn-live-3167593",
        ),
        ("wscn", "3167593", "https://wallstreetcn.com/articles/3167593", "", "wscn-3167593"),
        (
            "jin10",
            "20260919110459969800",
            "https://flash.jin10.com/detail/20260919110459969800",
            "flash",
            "jin10-flash-20260919110459969800",
        ),
        (
            "eastmoney",
            "202609183878840472",
            "http://finance.eastmoney.com/a/202609183878840472.html",
            "",
            "NW202609183878840472",
        ),
        (
            "jin10",
            None,
            "https://wap.eastmoney.com/a/202609183878840472.html",
            "",
            "NW202609183878840472",
        ),
        ("jin10", "1", "https://caifuhao.eastmoney.com/news/20260702101113747001", "", "jin10-1"),
    ],
)
def test_an_identity(
    source: str, own_id: str | None, address: str | None, space: str, known_as: str
) -> None:
    assert article_id(declaration(source), own_id, address, space=space) == known_as


def test_an_article_without_id_is_known_by_its_address() -> None:
    chinanews = declaration("chinanews")
    first = article_id(chinanews, None, "https://www.chinanews.com.cn/special/index.html?from=rss")
    assert first == article_id(chinanews, None, "http://www.chinanews.com/special/index.html#top")
    assert first.startswith("chinanews-https-www-chinanews-com-cn-special-index-html_")


def test_a_mobile_page_is_the_page() -> None:
    address = "https://m.nbd.com.cn/articles/2026-09-29/4595080.html?utm_source=x"
    expected = "https://www.nbd.com.cn/articles/2026-09-29/4595080.html"
    assert rewritten(declaration("nbd").identity, address) == expected

"""Titles and digests: which can be of one article, and where one ends."""

import pytest

from crawler.pages.text import digest_in
from crawler.pages.titles import have_something_in_common


@pytest.mark.parametrize(
    ("title", "other", "common"),
    [
        ("示例控股：回购67.3万股股份", "示例控股：回购67.3万股股份", True),
        ("示例控股：回购67.3万股", "快讯：示例 控股拟回购", True),
        ("行情中心", "示例控股：回购67.3万股股份", False),
        ("AMD Falls", "amd falls 5%", True),
        ("涨", "涨", True),
        ("涨", "跌", False),
        ("“……”", "行情中心", True),  # nothing can be said of it
    ],
)
def test_titles_of_one_article_share_something(title: str, other: str, common: bool) -> None:
    assert have_something_in_common(title, other) is common
    assert have_something_in_common(other, title) is common


@pytest.mark.parametrize(
    ("summary", "digest"),
    [
        ("【题】文", "文"),
        ("【山西焦煤】公司公告，【西曲矿】恢复生产。", "公司公告，【西曲矿】恢复生产。"),
        (" 【题【内】题】 文【注】 ", "文【注】"),
        ("没有题的文【注】。", "没有题的文【注】。"),
        ("【没有完】的【题", "的【题"),
        ("【题】", None),
        ("】", "】"),
        *(("", None), (None, None)),
    ],
)
def test_a_digest_is_what_follows_the_title(summary: str | None, digest: str | None) -> None:
    assert digest_in(summary) == digest

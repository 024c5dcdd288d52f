"""Slugs and tags of media."""

import pytest

from archive.categories import ROLLING, Category

NAMED_BY_THE_SITE = {
    "经济观察网": "jingjiguanchawang",
    "厦门日报": "shamenribao",
    "重庆日报": "zhongqingribao",
    "21世纪经济报道 21财经APP": "21shijijingjibaodao 21caijingAPP",
    "Career In 投行PEVC": "Career In touxingPEVC",
    "安信国际证券(香港)": "anxinguojizhengquan(xianggang)",
}


@pytest.mark.parametrize(("media", "slug"), NAMED_BY_THE_SITE.items())
def test_a_media_gets_the_slug_that_the_site_gave_it_mistakes_included(
    media: str, slug: str
) -> None:
    category = Category.of_media(media)
    assert category == Category(slug=slug, tag=f"{media}新闻")
    assert category.media == media


def test_a_media_may_end_with_the_word_that_tags_end_with() -> None:
    assert Category.of_media("澎湃新闻").tag == "澎湃新闻新闻"
    assert Category.of_media("澎湃新闻").media == "澎湃新闻"
    assert ROLLING.media == "东财滚动"

"""The media that a body's credit names."""

import pytest

from archive.content import media_named_in, read_body

MARKED = '上海<span id="bk_90.BK0473"><a data-code="90,BK0473">证券</a></span>报'


@pytest.mark.parametrize(
    ("body", "media"),
    [
        ('<p>甲</p><p class="em_media">（文章来源：财联社）</p>', "财联社"),
        (f'<p>甲</p><p class="em_media">（文章来源：{MARKED}）</p>', "上海证券报"),
        ("<p>甲</p>\r\n<p>（文章来源：财联社）</p>\r\n", "财联社"),
        ("甲<br>（文章来源：财联社）", None),
        (
            '<p class="em_media">（文章来源：21世纪经济报道  南财理财通）</p>',
            "21世纪经济报道  南财理财通",
        ),
        ('<p class="em_media">（文章来源：安信国际证券(香港)）</p>', "安信国际证券(香港)"),
        ('<p class="em_media">（文章来源：安信国际证券（香港））</p>', "安信国际证券（香港）"),
        ('<p class="em_media">(文章来源：财联社)</p>', "财联社"),
        ('<p class="em_media">（文章来源：）</p>', None),
        ("<p>（文章来源：某报）</p><p>另一段</p>", None),
        (
            '<p class="em_media">（文章来源：界面新闻）</p>'
            '<p class="res-edit">（责任编辑：DF000）</p>',
            "界面新闻",
        ),
        ("<p>（文章来源：界面新闻）</p><p>原标题：示例控股回购</p>", "界面新闻"),
        ("<p>甲</p>", None),
        ("", None),
    ],
)
def test_the_media_in_the_credit(body: str, media: str | None) -> None:
    assert media_named_in(body) == media
    assert read_body(body).media == media

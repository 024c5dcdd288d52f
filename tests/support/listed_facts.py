"""Facts that a list gives."""

from datetime import datetime

from archive.article import SHANGHAI, BodySource
from archive.article_id import InfoCode
from archive.capture import Capture
from crawler.listed_facts import ListedFacts
from crawler.pages.facts import Facts

CODE = InfoCode("NW202611220930000001")

LISTED = ListedFacts(
    facts=Facts(
        url="https://np-weblist.eastmoney.com/comm/web/getFastNewsList",
        info_code=CODE,
        title="“他说”",
        published=datetime(2026, 11, 22, 9, 30, 1, tzinfo=SHANGHAI),
        category="emnews",
        tag="东财滚动新闻",
        media=None,
        digest="摘要",
        body="<p>【题】摘要</p>",
        body_source=BodySource.SUMMARY,
        link=None,
        stock_list=("1.600160", "90.BK0493"),
    ),
    captures=(
        Capture(url="https://x/", file="a.warc.gz", offset=12, fetched="2026-11-22T01:30:00Z"),
    ),
)

"""Addresses of the sources' interfaces, and answers that make no sense."""

import copy
import json
from typing import Any

from hypothesis import strategies as st

from crawler.pages.json_answer import json_text
from demo.article_page import PAGE_HOST
from tests.conftest import ROOT, SAMPLES

RECORDED = ROOT / "tests" / "golden" / "recorded"

LIST = "https://np-weblist.eastmoney.com/comm/web/getFastNewsList"
PAGE = f"https://{PAGE_HOST}/a/20261122234700000004.html"
SITE = "https://finews.withounder.com"
SHARE = "http://finews.zning.xyz/NewsData/GetNewsText.do?id="
ADDRESSES = {
    "eastmoney": (
        LIST,
        "https://np-listapi.eastmoney.com/comm/web/getNewsByColumns?page_index=1",
        "https://np-listapi.eastmoney.com/comm/web/getListInfo?pageIndex=1",
        "https://newsapi.eastmoney.com/kuaixun/v1/getlist_102_ajaxResult_50_1_.html",
        "https://newsinfo.eastmoney.com/kuaixun/v2/api/article/202609183878840472?guid=1",
        PAGE,
    ),
    "finews": (
        f"{SITE}/",
        f"{SITE}/feed.xml",
        f"{SITE}/category/emnews.html",
        f"{SITE}/jingjiguanchawang/2021/12/29/NW202112292230175548.html",
        f"{SHARE}NW202112292230175548",
    ),
}

_FIELDS = (
    *("code", "data", "list", "fastNewsList", "LivesList", "rc", "title", "text", "showTime"),
    *("summary", "image", "sortEnd", "Art_Code", "Art_Content", "Art_ShowTime", "Art_Tip_Info"),
)
_TEXT = st.text(st.characters(exclude_categories=()))
#: Values of JSON, some under names of fields, with half surrogate pairs.
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | _TEXT,
    lambda values: st.lists(values) | st.dictionaries(st.sampled_from(_FIELDS) | _TEXT, values),
)


def _recorded() -> list[tuple[str, str, Any]]:
    """Return source, address and value of the recorded JSON answers."""
    folder = RECORDED / "eastmoney"
    files = json.loads((folder / "expected.json").read_text(encoding="utf-8"))["files"]
    found = [
        ("eastmoney", about["address"], json.loads(json_text((folder / name).read_bytes())))
        for name, about in files.items()
        if not name.endswith(".html")
    ]
    code = "NW202112292230175548"
    share = json.loads((SAMPLES / "share_api" / f"{code}.json").read_bytes())
    return [*found, ("finews", f"{SHARE}{code}", share)]


@st.composite
def bent_answers(draw: st.DrawFn) -> tuple[str, str, bytes]:
    """Generate source, address and bytes of a recorded answer with one value replaced."""
    source, address, value = copy.deepcopy(draw(st.sampled_from(_recorded())))
    holder = value
    while True:
        keys = list(holder) if isinstance(holder, dict) else range(len(holder))
        key = draw(st.sampled_from(keys))
        if not holder[key] or not isinstance(holder[key], dict | list) or draw(st.booleans()):
            break
        holder = holder[key]
    holder[key] = draw(ANYTHING)
    return source, address, json.dumps(value).encode()


def answers() -> st.SearchStrategy[tuple[str, str, bytes]]:
    """Generate source, address and bytes of any answer."""
    places = [(source, address) for source, of in ADDRESSES.items() for address in of]
    bodies = st.binary() | ANYTHING.map(lambda value: json.dumps(value).encode())
    return st.builds(lambda place, body: (*place, body), st.sampled_from(places), bodies)

"""Eastmoney's article API, `newsinfo.eastmoney.com/kuaixun/v2/api/article/<code>`.

Every value is a text, lists are JSON in a text, times have slashes, as in the answer that was
recorded in September 2026. How it answers for a code that it does not know is a guess.
"""

import json
import re
from collections.abc import Iterable, Mapping
from http import HTTPStatus

from demo.articles import Article
from demo.eastmoney import code_of, securities_in, summary_of
from demo.exchange import Answer, Request, Site

ARTICLE_API_HOST = "newsinfo.eastmoney.com"

_PATH = re.compile(r"/kuaixun/v2/api/article/(\d+)")
_JSON = {"Content-Type": "application/json; charset=utf-8"}
_HTML = {"Content-Type": "text/html; charset=utf-8"}
_UNKNOWN = {"data": None, "errorcode": 1, "id": "0", "message": "no such article", "success": 0}


def article_api_site(articles: Iterable[Article]) -> Site:
    """Return the host of the API, which has these articles."""
    known = {code_of(article): article for article in articles}

    def answer(request: Request) -> Answer:
        match = _PATH.fullmatch(request.path)
        if match is None:
            return Answer(HTTPStatus.NOT_FOUND, b"", _HTML)
        article = known.get(match[1])
        facts = _UNKNOWN if article is None else _known(article)
        return Answer(HTTPStatus.OK, json.dumps(facts, ensure_ascii=False).encode(), _JSON)

    return answer


def _known(article: Article) -> Mapping[str, object]:
    code = code_of(article)
    named = ",".join(securities_in(article.api_body))
    time = f"{article.published:%Y/%m/%d %H:%M:%S}"
    data = {
        "Art_Code": code,
        "Art_Title": article.title,
        "Art_Content": article.api_body,
        "Art_Media_Name": article.media,
        "Art_ShowTime": time,
        "Art_OrderTime": time,
        "Art_Digest": summary_of(article),
        "Art_Fast": "1" if article.is_rolling else "0",
        "Art_UniqueUrl": f"http://finance.eastmoney.com/a/{code}.html",
        "Art_Url": f"http://finance.eastmoney.com/news/1345,{code}.html",
        "Art_Column_List": "345,350",
        "Art_Tip_Info": json.dumps([{"Type": 999, "Code": named}] if named else []),
    }
    return {"data": data, "errorcode": 0, "id": "0", "message": "", "success": 1}

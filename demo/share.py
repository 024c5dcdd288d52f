"""Serve the share API, `/NewsData/GetNewsText.do`, and the share page that calls it."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import parse_qs

from demo.exchange import Answer, Request, Site

_API = "/NewsData/GetNewsText.do"
_PAGE = "/html_News/NewsShare.html"

_JSON = {"Content-Type": "application/json; charset=utf-8"}
_HTML = {"Content-Type": "text/html; charset=utf-8"}

# The real page is a shell too: its script fetches the article, so its HTML holds none.
_SHELL = """<!DOCTYPE html>
<html>
<head>
<meta charset="utf-8">
<title>资讯</title>
</head>
<body>
<h1 id="title"></h1>
<div id="content"></div>
<script>
var infoCode = new URLSearchParams(location.search).get("infoCode");
fetch("/NewsData/GetNewsText.do?id=" + encodeURIComponent(infoCode))
  .then(function (answer) { return answer.json(); })
  .then(function (news) {
    document.getElementById("title").textContent = news.title || "";
    document.getElementById("content").innerHTML = news.text || news.content || "";
  });
</script>
</body>
</html>
"""


def share_api_site(answers: Mapping[str, bytes]) -> Site:
    """Return a share host with the articles of `answers` (infoCode → JSON bytes).

    As on the real hosts an unknown code is answered 200 with an empty text.
    """

    def answer(request: Request) -> Answer:
        if request.path == _PAGE:
            return Answer(HTTPStatus.OK, _SHELL.encode(), _HTML)
        if request.path != _API:
            return Answer(HTTPStatus.NOT_FOUND, b"", _HTML)
        code = parse_qs(request.query).get("id", [""])[0]
        unknown = json.dumps({"infoCode": code, "text": ""}).encode()
        return Answer(HTTPStatus.OK, answers.get(code, unknown), _JSON)

    return answer

"""Eastmoney's 7x24 rolling news, as ``getFastNewsList`` lists it."""

import re
from collections.abc import Mapping
from typing import Any

from crawler.pages.eastmoney_list import EastmoneyList, ListedArticle, securities
from crawler.pages.text import digest_in

_CURSOR = re.compile(r"[\w-]{1,64}", re.ASCII)


class FastNewsList(EastmoneyList):
    """A page of ``getFastNewsList``; the next page is requested by a cursor."""

    entries_in = "fastNewsList"

    def next_page(self) -> str | None:
        """Return the cursor; None at the end of the list, where the cursor is empty."""
        cursor = self._data().get("sortEnd")
        if not cursor:
            return None
        if not _CURSOR.fullmatch(str(cursor)):
            raise self._json.unreadable("its sortEnd is no cursor")
        return str(cursor)

    def _entry(self, entry: Mapping[str, Any]) -> ListedArticle:
        summary = self._line(entry, "summary")
        title = self._line(entry, "title")
        return self._article(
            entry,
            digest=digest_in(summary),
            summary=summary or title,
            stock_list=securities(entry.get("stockList")),
        )

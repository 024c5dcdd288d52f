"""What was read of an answer, as JSON: the shape in which expected readings are recorded."""

from collections.abc import Iterable
from typing import Any

from crawler.declarations.articles import ArticleFacts
from crawler.declarations.fields import ArticleFields
from crawler.declarations.lists import Entry, ListAnswer
from crawler.declarations.mentions import Mention
from crawler.declarations.model import ListTable
from crawler.declarations.places import parameter_of
from crawler.declarations.times import Moment, TimeUnit

Facts = dict[str, Any]


def facts_of_list(table: ListTable, page: ListAnswer) -> Facts:
    """Return what a page of a list holds."""
    facts: Facts = {
        "kind": "list",
        "entries": [facts_of_entry(entry) for entry in page.entries],
        "next": _next(table, page),
    }
    if page.sitemaps:
        facts["sitemaps"] = list(page.sitemaps)
    return facts


def facts_of_entry(entry: Entry) -> Facts:
    """Return what an entry of a list holds."""
    return {**_fields(entry), "important": entry.important, "skip": entry.skip}


def facts_of_article(article: ArticleFacts) -> Facts:
    """Return what an article holds. Charts name securities without giving their names."""
    charts = [f"{one.market}.{one.code}" for one in article.securities if not one.name]
    named = _securities(one for one in article.securities if one.name)
    return {
        "kind": "article",
        "layout": article.layout,
        **_fields(article),
        "securities": named,
        "charts": charts,
        "complete": article.complete,
    }


def _fields(held: ArticleFields) -> Facts:
    return {
        "id": held.id,
        "url": held.address,
        "title": held.title,
        **_times(held.published, held.modified),
        "media": held.media,
        "author": held.author,
        "digest": held.digest,
        "body_html": held.body.html if held.body else None,
        "body_text": held.body.text if held.body else None,
        "securities": _securities(held.securities),
        "pictures": list(held.pictures),
        "tags": list(held.tags),
        "paid": held.paid,
    }


def _times(published: Moment | None, modified: Moment | None) -> Facts:
    facts: Facts = {
        "published": str(published) if published else None,
        "modified": str(modified) if modified else None,
    }
    if published and published.precision is TimeUnit.DAY:
        facts["precision"] = "day"
    if published and not published.zone_sure:
        facts["zone_unsure"] = True
    return facts


def _securities(mentions: Iterable[Mention]) -> list[dict[str, str | None]]:
    return [
        {
            "market": one.market,
            "code": one.code,
            "name": one.name,
            "em": None if one.eastmoney is None else str(one.eastmoney),
        }
        for one in mentions
    ]


def _next(table: ListTable, page: ListAnswer) -> dict[str, str | int] | None:
    """Return what gives the next page, by the name of the parameter that takes it."""
    if page.next is None or table.paging is None:
        return None
    if table.paging.first is not None:
        return {parameter_of(table) or "page": int(page.next)}
    return {parameter_of(table) or "address": page.next}

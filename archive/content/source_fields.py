"""The fields of front matter that only posts of other sources than Eastmoney have.

    source: cls
    id: cls-2487646
    link: https://www.cls.cn/detail/2487646
    media: 财联社
    author: 记者 张三
    lang: zh
    digest: one line
    precision: minute
    extractor: trafilatura 2.3.0
    flags: [important, paid]
    keywords: ["异动", "A股"]
    modified: 2026-09-19 01:48:12 +0800

The first three are in each of these posts, the others where the article has such a fact. Without
`precision`, the time of publication is known to the second.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from archive.article import SHANGHAI, Article, ArticleFlag, Precision
from archive.article_id import EASTMONEY, ArticleId
from archive.errors import InvalidArticleId

_MODIFIED = "%Y-%m-%d %H:%M:%S %z"
_TEXTS = ("link", "media", "author", "lang", "digest", "extractor")


def source_fields(article: Article) -> dict[str, str | tuple[str, ...]]:
    """Return the fields of an article, in their order."""
    precise = article.precision is Precision.SECOND
    facts = {
        "source": article.source,
        "id": article.info_code,
        "link": article.link,
        "media": article.media,
        "author": article.author,
        "lang": article.lang,
        "digest": article.digest,
        "precision": None if precise else article.precision,
        "extractor": article.extractor,
        "modified": article.modified and article.modified.astimezone(SHANGHAI).strftime(_MODIFIED),
    }
    texts = {name: str(value) for name, value in facts.items() if value is not None}
    lists = {"flags": article.flags, "keywords": article.keywords}
    return texts | {name: values for name, values in lists.items() if values}


def is_of_other_source(fields: Mapping[str, str]) -> bool:
    """Return whether front matter is that of a post of another source than Eastmoney."""
    return "id" in fields and fields.get("source", EASTMONEY) != EASTMONEY


def read_source_fields(fields: Mapping[str, str], name: str, problems: list[str]) -> dict[str, Any]:
    """Return the facts of a post, by the names of `archive.content.Post`.

    :param name: of the post file.
    :param problems: gets a phrase for each problem.
    """
    if not fields.get("link"):
        problems.append("it has no link")
    facts: dict[str, Any] = {text: fields.get(text) or None for text in _TEXTS}
    facts["info_code"] = _own_id(fields, name, problems)
    facts["precision"] = _precision(fields.get("precision"), problems)
    facts["flags"] = tuple(flags_of(_list(fields.get("flags"))))
    facts["keywords"] = tuple(_list(fields.get("keywords")))
    facts["modified"] = _modified(fields.get("modified"), problems)
    return facts


def flags_of(words: Iterable[str]) -> Iterable[ArticleFlag]:
    """Yield the flags that words name; other words, which a person wrote, are left out."""
    known = set(words)
    return (flag for flag in ArticleFlag if flag in known)


def _list(text: str | None) -> list[str]:
    """Return the values of a list, which is JSON by now; of a single text, that."""
    if not text:
        return []
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        return [text]
    return [str(one) for one in values] if isinstance(values, list) else [text]


def _modified(text: str | None, problems: list[str]) -> datetime | None:
    try:
        return datetime.strptime(text, _MODIFIED).astimezone(SHANGHAI) if text else None
    except (ValueError, OverflowError):
        problems.append(f"its time of modification cannot be read: {text!r}")
        return None


def _own_id(fields: Mapping[str, str], name: str, problems: list[str]) -> ArticleId | None:
    source = fields["source"]
    try:
        own_id = ArticleId(fields["id"])
    except InvalidArticleId as error:
        problems.append(str(error))
        return None
    if own_id.source != source:
        problems.append(f"its id is {own_id}, but its source {source!r}")
        return None
    try:
        named = ArticleId.of_file(name)
    except InvalidArticleId:  # an imported file may have any name
        return own_id
    if named != own_id and named.source == source:
        problems.append(f"its name has the id {named}, its front matter {own_id}")
    return own_id


def _precision(text: str | None, problems: list[str]) -> Precision:
    try:
        return Precision(text or Precision.SECOND)
    except ValueError:
        problems.append(f"its precision cannot be read: {text!r}")
        return Precision.SECOND

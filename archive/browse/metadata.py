"""Datasette's metadata for a catalog: names, descriptions, sort orders and canned queries."""

from typing import Any

TITLE = "财经新闻档案"

_ON_THIS_DAY = """
SELECT substr(published, 1, 10) AS day, substr(published, 12, 5) AS time, media, title, info_code
FROM posts
WHERE substr(published, 6, 5) = coalesce(
    nullif(:month_day, ''), strftime('%m-%d', 'now', '+8 hours')
)
ORDER BY published DESC
LIMIT 500
"""

_PUBLIC_AT = """
WITH moment AS (
    SELECT strftime(
        '%Y-%m-%dT%H:%M:59Z',
        coalesce(nullif(trim(:minute), ''), datetime('now', '+8 hours')), '-8 hours'
    ) AS at
)
SELECT published, media, title, info_code, edition, version, seen_from
FROM versions, moment
WHERE seen_from <= at AND (seen_until IS NULL OR seen_until > at)
    AND NOT EXISTS (
        SELECT 1 FROM absences
        WHERE absences.info_code = versions.info_code AND absences.edition = versions.edition
            AND gone_from <= at AND (gone_until IS NULL OR gone_until > at)
    )
ORDER BY published DESC
LIMIT 100
"""

_REVISED = """
SELECT seen_from AS revised, cause, classes, media, title, info_code, version, published
FROM versions
WHERE edits <> '[]' AND cause IN ('edited', 'corrected_in_list')
ORDER BY seen_from DESC
LIMIT 500
"""

_CHANGES = """
SELECT at, what, media, title, info_code, version
FROM changes JOIN posts USING (info_code)
WHERE what = :what OR :what = ''
ORDER BY at DESC, info_code
LIMIT 500
"""

_GONE = """
SELECT gone, media, title, info_code, published
FROM posts
WHERE gone IS NOT NULL
ORDER BY gone DESC
LIMIT 500
"""

_BUSIEST_HOURS = """
SELECT replace(substr(published, 1, 13), 'T', ' ') || ':00' AS hour, count(*) AS posts
FROM posts
WHERE published >= trim(:first_day)
    AND published < coalesce(nullif(trim(:last_day), ''), '9999') || '~'
GROUP BY hour
ORDER BY posts DESC, hour DESC
LIMIT 100
"""

_QUERIES = {
    "on_this_day": {
        "sql": _ON_THIS_DAY,
        "title": "历史上的今天",
        "description": "历年同一天的新闻。month_day 写作 12-29；不填就是今天。",
        "params": ["month_day"],
    },
    "public_at": {
        "sql": _PUBLIC_AT,
        "title": "某一分钟的存档",
        "description": (
            "那一分钟已经存下、尚未发现下线的新闻，用那时的标题。minute 写作 2021-12-29 17:34，"
            "是抓取的时间，不是来源写的发布时间。"
        ),
        "params": ["minute"],
    },
    "revised": {
        "sql": _REVISED,
        "title": "改过的新闻",
        "description": (
            "存档以后又被来源改过的新闻，最近改的在前。换了正文来源、重新解析、只改排版的不算。"
        ),
    },
    "found_changed": {
        "sql": _CHANGES,
        "title": "最近的变动",
        "description": (
            "来源改了什么、撤下或恢复了什么，最近的在前。what 可以不填，或是 title、figures、"
            "securities、retraction、wording、addition、published、gone、returned 之一。"
        ),
        "params": ["what"],
    },
    "gone": {
        "sql": _GONE,
        "title": "下线的新闻",
        "description": "来源已经撤下、这里还留着的新闻。",
    },
    "busiest_hours": {
        "sql": _BUSIEST_HOURS,
        "title": "最忙的钟点",
        "description": "发布最多的一百个小时。两个日期写作 2021-12-29，可以不填。",
        "params": ["first_day", "last_day"],
    },
}

_POSTS = {
    "title": "新闻",
    "description": "每篇一行。published 是北京时间，其余时间都是 UTC。",
    "sort_desc": "published",
    "facets": ["media", "source", "body_source"],
    "sortable_columns": ["published", "length", "version"],
    "label_column": "title",
    "columns": {
        "id": "序号，按存档的先后",
        "info_code": "新闻代码",
        "published": "发布时间（北京时间）",
        "category": "栏目的拼音",
        "tag": "栏目",
        "digest": "摘要",
        "length": "正文字数",
        "pictures": "图片地址",
        "body_source": "正文来源",
        "body_provisional": "正文是否暂代",
        "link": "原文链接",
        "addresses": "抓取地址",
        "path": "文件",
        "version": "第几版",
        "first_seen": "首次抓取",
        "checked": "最近核对",
        "revised": "最近修订",
        "gone": "发现下线",
        "source": "来源",
        "author": "作者",
        "lang": "语言",
        "precision": "发布时间的精度",
        "extractor": "提取正文的程序",
        "flags": "来源的标记：重要、付费、不全、只有标题",
        "keywords": "来源的关键词",
        "modified": "来源所说的修改时间",
        "mentioned": "正文以外或文字中提到的证券",
    },
}

#: Every site gets a copy, because Datasette changes the dictionary that it is given.
METADATA: dict[str, Any] = {
    "title": TITLE,
    "databases": {
        "catalog": {
            "title": "目录",
            "description": "存档文件的目录，一个 SQLite 文件。",
            "queries": _QUERIES,
            "tables": {
                "posts": _POSTS,
                "posts_search": {"hidden": True},
                "_sqlite_migrations": {"hidden": True},
                "security_keys": {"hidden": True},
                "categories": {"title": "栏目", "description": "媒体和它的栏目。"},
                "revisions": {"title": "旧版本", "description": "被后来的版本取代的文件。"},
                "versions": {
                    "title": "版本",
                    "description": "每个版本一行，现行的也在内：文字、缘由、改动和时间。",
                },
                "absences": {"title": "下线", "description": "来源没有这篇新闻的时间。"},
                "securities": {"title": "证券", "label_column": "name"},
                "mentions": {"title": "提及", "description": "哪篇新闻提到哪只证券。"},
                "illustrations": {"title": "配图", "description": "哪篇新闻有哪张图片。"},
                "pictures": {"title": "图片", "description": "存下来的图片。"},
                "crawls": {"title": "抓取", "description": "每次运行一行。", "sort_desc": "id"},
                "payloads": {"title": "响应", "description": "内容相同的响应只存一次。"},
                "changes": {"title": "变动", "description": "来源何时改了、撤下或恢复了哪篇新闻。"},
                "posts_per_day": {"title": "每日篇数"},
                "posts_per_media": {"title": "各媒体篇数"},
                "posts_per_security": {"title": "各证券篇数"},
            },
        }
    },
}

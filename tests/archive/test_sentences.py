"""Sentences that were formatted in English are shown in the language of the reader."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.errors import ArchiveLocked, InvalidInfoCode
from archive.sentences import translated
from archive.translation import Language, language


def chinese(sentence: str) -> str:
    """The Chinese of a sentence."""
    with language(Language.CHINESE):
        return translated(sentence)


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("Could not use news/x: No space left on device.", "无法使用 news/x：磁盘已满。"),
        (
            "Could not read the catalog of news: database disk image is malformed.",
            "无法读取 news 的目录：数据库文件损坏。",
        ),
        (
            "No list of the source could be read: https://a.cn/feed.xml was not requested: a.cn "
            "gets no requests until 2026-11-20 10:00 UTC: it answered 403 and asks to wait 60 s.",
            "来源的列表一个也读不到：没有请求 https://a.cn/feed.xml：2026-11-20 10:00 UTC 以前"
            "不向 a.cn 发请求：它应答的状态是 403，要求等 60 s。",
        ),
        (
            "3 of 20 articles failed, and the pages of 2 were removed; the next crawl tries them "
            "again: https://a.cn/c could not be reached: its host has no address.",
            "20 篇文章里有 3 篇失败，2 篇的页面已被删除；下次抓取会再试：连不上 https://a.cn/c："
            "它的主机没有地址。",
        ),
        (
            "All articles that the source names are archived but for 3 that failed; 7 bodies are "
            "stand-ins, because some share hosts did not answer (a.cn: its host has no address; "
            "b.cn: its answer is not HTTP).",
            "来源列出的文章都已收录，只有 3 篇失败；7 篇正文是替身，因为有些分享主机没有应答"
            "（a.cn：它的主机没有地址；b.cn：它的应答不是 HTTP）。",
        ),
        (
            "since should be a date such as 2026-11-20; foo is not known here. "
            "The spider eastmoney takes the arguments a, b.",
            "since 应当是日期，如 2026-11-20；这里没有 foo 这一项。爬虫 eastmoney 的参数有 a, b。",
        ),
        (
            "There is no setting FINEWS_ARCHVE; FINEWS_ARCHIVE may be meant.",
            "没有设置 FINEWS_ARCHVE；也许是 FINEWS_ARCHIVE。",
        ),
        (
            "file lost: _posts/a b.md: the catalog has a row for it, but the file does not exist",
            "文件丢失：_posts/a b.md：目录里有它的行，文件却不存在",
        ),
        (
            "No list of the source could be read: there is no address for a.cn; this machine has "
            "no network or no DNS, or the name is wrong; neither did cls, ths give all news.",
            "来源的列表一个也读不到：a.cn 没有地址；这台机器没有网络或 DNS，或者名字写错了；"
            "cls, ths 也没有给出全部新闻。",
        ),
        (
            "capture damaged: warc/a.gz: The capture news/warc/a.gz is damaged at 27835: Error -6.",
            "抓取记录损坏：warc/a.gz：抓取记录 news/warc/a.gz 在 27835 处损坏：Error -6。",
        ),
        ("A title: it is about the list", "A title: it is about the list"),
        ("list", "list"),
        ("", ""),
    ],
)
def test_a_sentence_and_the_reasons_in_it_are_translated(sentence: str, expected: str) -> None:
    assert chinese(sentence) == expected
    assert translated(sentence) == sentence
    assert chinese(expected) == expected


@given(st.text(max_size=200))
def test_any_text_is_shown(text: str) -> None:
    chinese(text)
    chinese(f"Could not use {text}: {text}.")
    chinese(str(InvalidInfoCode(text)))
    chinese(str(ArchiveLocked(Path(text), holder="process 4711")))


def test_a_long_text_takes_little_time() -> None:
    assert chinese("; it has no title: it is not JSON (" * 100)

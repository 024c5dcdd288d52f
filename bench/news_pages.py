"""Pages of news whose title, time and text are known: made-up ones, and those of a folder."""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

from demo.text import Prose

FIRST = datetime(2026, 1, 1, 8, tzinfo=timezone(timedelta(hours=8)))


@dataclass(frozen=True, slots=True)
class NewsPage:
    """A page, and what a careful reader takes from it.

    :param published: in ISO 8601; a day alone where the page states no more.
    """

    address: str
    html: bytes
    title: str
    published: str
    text: str


def made_up(count: int, seed: int = 1) -> Iterator[NewsPage]:
    """Make pages in the shapes of several content systems, with all that stands around articles."""
    chance = random.Random(seed)
    for number in range(count):
        prose = Prose(chance)
        title = prose.headline()
        lines = [prose.paragraph() for _ in range(chance.randint(3, 12))]
        time = FIRST + timedelta(minutes=chance.randrange(400_000))
        html = _page(chance, prose, title, time, lines)
        address = f"https://www.caixun.example/{time:%Y%m%d}/c{number}.html"
        yield NewsPage(address, html.encode(), title, time.isoformat(), "\n".join(lines))


def in_folder(folder: Path) -> Iterator[NewsPage]:
    """Read the pages of a folder, for each of which an ``expected.json`` beside it has the truth.

    The shape of that file is that of ``tests/golden/recorded/ths/expected.json``.
    """
    for path in sorted(folder.rglob("expected.json")):
        files = json.loads(path.read_text(encoding="utf-8"))["files"]
        for name, truth in files.items():
            if truth.get("kind") == "article" and name.endswith((".html", ".shtml", ".htm")):
                yield NewsPage(
                    truth["address"],
                    (path.parent / name).read_bytes(),
                    truth["title"],
                    truth["published"],
                    truth["body_text"],
                )


def _page(chance: random.Random, prose: Prose, title: str, time: datetime, lines: list[str]) -> str:
    menu = "".join(f'<a href="/{n}">频道{n}</a>' for n in range(12))
    others = "".join(f"<li><a href='/{n}'>{prose.headline()}</a></li>" for n in range(8))
    shown = time.strftime(
        chance.choice(
            ("%Y-%m-%d %H:%M:%S", "%Y年%m月%d日 %H:%M", "%Y/%m/%d %H:%M", "%Y-%m-%d %H:%M")
        )
    )
    body = chance.choice((_paragraphs, _lines))(lines)
    around = chance.choice(
        (
            '<div class="main"><h1>{title}</h1><div class="info"><span>{shown}</span>'
            '<span>来源：财迅</span></div><div class="content">{body}{end}</div></div>',
            '<div class="g-article"><div class="top"><h1>{title}</h1><p class="u-time">'
            '<span class="source">财迅</span> <span class="time">{shown}</span></p></div>'
            '<div class="TRS_Editor">{body}</div>{end}</div>',
            '<table><tr><td class="title"><b>{title}</b></td></tr><tr><td>{shown} 作者：李明</td>'
            '</tr><tr><td id="zoom">{body}</td></tr></table>{end}',
        )
    )
    end = "".join(chance.sample(_ENDS, 3))
    article = around.format(title=title, shown=shown, body=body, end=end)
    return (
        f'<!doctype html><html lang="zh"><head><meta charset="utf-8"><title>{title}_财经_财迅网'
        f'</title></head><body><div class="nav">{menu}</div>{article}'
        f'<div class="related"><h3>相关阅读</h3><ul>{others}</ul></div>'
        f'<div class="comment"><p>网友：{prose.sentence()}</p></div>'
        '<div class="footer"><p>版权所有 财迅网 未经许可不得转载</p></div></body></html>'
    )


def _paragraphs(lines: list[str]) -> str:
    return "".join(f"<p>　　{line}</p>" for line in lines)


def _lines(lines: list[str]) -> str:
    return "<br><br>".join(f"　　{line}" for line in lines)


_ENDS = (
    "<p>（责任编辑：王小明）</p>",
    "<p>免责声明：本文仅供参考，不构成投资建议，据此操作，风险自担。</p>",
    "<p>（文章来源：财迅）</p>",
    "<p>扫描二维码，关注财迅公众号</p>",
    '<p class="article-editor">编辑：李小红</p>',
    "<p>如需转载请与财迅联系，未经授权，严禁转载。</p>",
    "<p>海量资讯、精准解读，尽在财迅APP</p>",
)

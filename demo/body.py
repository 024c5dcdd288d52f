"""Generate article bodies in two forms: that of the share API and that of the mirror.

The mirror runs every post through Markdown (kramdown). Both forms come from the same blocks
here, with the differences that the site's own pages show against the share API's bodies.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import chain
from random import Random

from demo.text import Prose

_INDENT = "\u3000\u3000"
_BARE_AMPERSAND = re.compile(r"&(?!#?\w+;)")
_LIQUID = re.compile(r"\{\{.*?\}\}|\{%.*?%\}")

_CHART_START = "<!-- EM_StockImg_Start -->"
_CHART_END = "<!-- EM_StockImg_End -->"
#: Paragraph before a chart.
_HIDDEN = '<p style="display:none;height:1px;overflow:hidden;"><br /></p>'

# Made-up securities under numbers that nobody trades, one for each market the site has shown:
# 0 Shenzhen and Beijing, 1 Shanghai, 90 a sector, 105/106/107 the US, 116 Hong Kong. 贵州茅台 is
# real: it is what people search for first. What the articles report of it is made up.
_SECURITIES = (
    ("1", "699901", "云帆股份"),
    ("1", "600519", "贵州茅台"),
    ("0", "899991", "麦田精密"),
    ("116", "89991", "远岸控股"),
    ("105", "ZQXA", "北屿科技"),
    ("106", "ZQXB", "长汀出行"),
    ("107", "ZQXC", "南桥指数基金"),
)
#: Mark-up of a word that the source takes for a sector, even in the name of a media.
_MARKED_UP = (
    '<span id="bk_90.BK9903"><a href="http://quote.eastmoney.com/unify/r/90.BK9903">证券</a></span>'
    '<span id="bkquote_90.BK9903"></span>'
)

_SECTORS = (("BK9901", "算力概念"), ("BK9902", "低空经济"))


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of a body, and the white space before it in the share API's form."""

    html: str
    before: str = ""

    def rendered(self) -> str:
        """The block as the mirror's Markdown renders it."""
        html = _LIQUID.sub("", self.html.replace(_INDENT, ""))
        html = _BARE_AMPERSAND.sub("&amp;", html.replace("<br>", "<br />"))
        if not html.startswith(_CHART_START):
            return html if html.startswith("<") else f"<p>{html}</p>"
        chart = html.removeprefix(_CHART_START).removesuffix(_CHART_END)
        if not self.before.endswith(" "):
            return f"{_CHART_START}\n{chart}\n{_CHART_END}"
        # An indented comment is no block to kramdown: it wraps the chart in a paragraph of its
        # own and escapes the tags of the one inside.
        opening, link, closing = re.split(r"(<a.*</a>)", chart)
        return f"<p>{_CHART_START}{_escaped(opening)}{link}{_escaped(closing)}{_CHART_END}</p>"


Body = tuple[Block, ...]

_MARK_UP = re.compile(
    r"""
    <span\ id="(?:stock|bk)_[^"]*"><a\ [^>]*>(?P<name>[^<]*)</a></span>
    <span\ id="(?:quote|bkquote)_[^"]*"></span>
    """,
    re.VERBOSE,
)


def api_html(body: Body) -> str:
    """Return the body as the share API sends it."""
    return "".join(block.before + block.html for block in body)


def media_body(body: Body) -> Body:
    """Return the body of rolling news as in the category of its media.

    It has no mark-up of securities, and CRLF at line ends.
    """
    return tuple(
        replace(
            block,
            html=_MARK_UP.sub(r"\g<name>", block.html),
            before=block.before if block.before == "\n\n" else block.before.replace("\n", "\r\n"),
        )
        for block in body
    )


def mirror_html(body: Body) -> str:
    """Return the body in the `section` of the mirror's page."""
    # Blank lines stay; other white space between blocks becomes one line end.
    gaps = ("\n\n" if block.before == "\n\n" else "\n" for block in body)
    html = "".join(gap + block.rendered() for gap, block in zip(gaps, body, strict=True))
    return html.removeprefix("\n")


def made_up_body(
    random: Random, number: int, media: str, *, opening: str, liquid: bool, rolling: bool
) -> Body:
    """A body of 500 to 4,000 characters of prose, with the quirks whose turn it is by `number`.

    `opening` is text before the first tag; `liquid` asks for a paragraph that looks like a
    Liquid template. `rolling` bodies have LF between paragraphs, and securities marked up in the
    credit, too; the others have CRLF.
    """
    prose = Prose(random)
    wanted = random.randint(600, 3_000)
    paragraphs: list[str] = []
    while sum(map(len, paragraphs)) < wanted:
        paragraphs.append(prose.paragraph())
    html = [f"<p>{_lead(random)}{paragraph}</p>" for paragraph in paragraphs]
    quirks = [_QUIRKS[turn % len(_QUIRKS)] for turn in (number, number + len(_QUIRKS) // 2)]
    if liquid:
        quirks.append(_liquid)
    for quirk in quirks:
        html.insert(random.randint(0, len(html)), quirk(prose))
    credited = media.replace("证券", _MARKED_UP) if rolling else media
    html.append(f'<p class="em_media">（文章来源：{credited}）</p>')
    first = (Block(opening), Block(html[0], "\n\n")) if opening else (Block(html[0]),)
    end = "\n" if rolling else "\r\n"
    rest = (_blocks(block, random.choice(("", end, f"{end} "))) for block in html[1:])
    return (*first, *chain.from_iterable(rest))


def _blocks(html: str, before: str) -> Body:
    hidden = html.startswith(_CHART_START) and not before.endswith(" ")
    return (Block(_HIDDEN, before), Block(html)) if hidden else (Block(html, before),)


def _lead(random: Random) -> str:
    return _stock(*random.choice(_SECURITIES)) if random.random() < 0.3 else ""


def _stock(market: str, code: str, name: str) -> str:
    return (
        f'<span id="stock_{market}.{code}"><a href="http://quote.eastmoney.com/unify/r/'
        f'{market}.{code}" class="keytip" data-code="{market},{code}">{name}</a></span>'
        f'<span id="quote_{market}.{code}"></span>'
    )


def _every_market(prose: Prose) -> str:
    spans = "、".join(_stock(*security) for security in _SECURITIES)
    return f"<p>{spans}等{prose.sentence()}</p>"


def _sector(prose: Prose) -> str:
    code, name = prose.random.choice(_SECTORS)
    return (
        f'<p><span id="bk_90.{code}"><a href="http://quote.eastmoney.com/unify/r/90.{code}" '
        f'class="keytip" data-code="90,{code}">{name}</a></span>'
        f'<span id="bkquote_90.{code}"></span>{prose.paragraph()}</p>'
    )


def _common_key(prose: Prose) -> str:
    market, code, name = prose.random.choice(_SECURITIES)
    return (
        f'<p><span web="1" client="0" class="em_stock_key_common" data-code="{market},{code}">'
        f"{name}</span>{prose.paragraph()}</p>"
    )


def _chart(prose: Prose) -> str:
    market, code, _ = prose.random.choice(_SECURITIES)
    return (
        f'{_CHART_START}<p style="text-align:center;">'
        f'<a href="http://quote.eastmoney.com/unify/r/{market}.{code}" '
        f'data-code="{code}|{market}|2" data-code2="{code}|{market}|6|" '
        'class="EmImageRemark" target="_blank">'
        f'<img src="https://webquoteklinepic.eastmoney.com/GetPic.aspx?nid={market}.{code}'
        f'&imageType=k&at=1" border="0" alt="K图 {code}_{market}" data-code="K {code}|{market}|2"'
        f" /></a></p>{_CHART_END}"
    )


def _picture(prose: Prose) -> str:
    number = prose.random.randrange(10**11, 10**12)
    return (
        f'<center><img src="https://dfscdn.dfcfw.com/download/D{number}_w800h343.jpg" '
        'alt="Image" width="552" style="border:#d1d1d1 1px solid;padding:3px;margin:5px 0;" />'
        "</center>"
    )


def _table(prose: Prose) -> str:
    rows = "".join(
        f"<tr><td>{prose.topic()}</td><td>{prose.random.randrange(1000)}</td></tr>"
        for _ in range(prose.random.randint(2, 6))
    )
    return f'<table border="1"><tbody>{rows}</tbody></table>'


def _subheading(prose: Prose) -> str:
    return f'<p align="center"><strong>{prose.topic()}与{prose.topic()}</strong></p>'


def _indented(prose: Prose) -> str:
    return f"<p>{_INDENT}{prose.paragraph()}<br>{_INDENT}{prose.sentence()}</p>"


def _indented_by_three(prose: Prose) -> str:
    return f"<p>{_INDENT}\u3000{prose.paragraph()}</p>"


def _line_breaks(prose: Prose) -> str:
    return f"<p>{prose.sentence()}<br>{prose.sentence()}<br />{prose.sentence()}</p>"


def _ampersands(prose: Prose) -> str:
    return f"<p>《&lt;{prose.topic()}&gt;修正案》A&amp;B，R&D投入{prose.sentence()}</p>"


def _liquid(prose: Prose) -> str:
    return f"<p>模板写作{{{{ page.title }}}}与{{% include news.html %}}，{prose.sentence()}</p>"


_QUIRKS: tuple[Callable[[Prose], str], ...] = (
    _every_market,
    _sector,
    _common_key,
    _chart,
    _picture,
    _table,
    _subheading,
    _indented,
    _indented_by_three,
    _line_breaks,
    _ampersands,
    _chart,
)


def _escaped(html: str) -> str:
    return html.replace("<", "&lt;").replace(">", "&gt;")

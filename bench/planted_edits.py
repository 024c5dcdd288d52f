"""Pairs of versions of real articles, with edits of known classes and with noise that is no edit.

The texts are those of recorded answers and of sample posts. Edits are written by hand, as parts of
a text before and after with the classes that a reader gives them, or planted by rules that know
nothing of `archive.edits`. Noise is what responses of the sources differ in without an edit.
"""

import html
import json
import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from zlib import crc32

from archive.article import BodySource
from archive.edits import ComparedVersion

_ZONE = timezone(timedelta(hours=8))
_SHORTEST_TEXT, _SHORTEST_PARAGRAPH = 60, 25

_ADVERTS = (
    '<p>\u3000\u3000<a class="toplink" target="_blank" href="https://ai.eastmoney.com/x?c={n}">'
    "全新妙想投研助理，立即体验</a></p>",
    '<div class="ad_context3"><script>ads({n})</script><p>广告{n}</p></div>',
    '<p style="text-align:center;"><a href="https://acttg.eastmoney.com/pub/x_{n}"><img'
    ' src="https://np-newspic.dfcfw.com/download/D{n}_w690h389.jpg" class="em_handle_adv_close"'
    " /></a></p>",
    '<p><a href="https://acttg.eastmoney.com/pub/x_{n}">领取{n}份福利</a></p>',
    "<p>在东方财富看资讯行情，选东方财富证券一站式开户交易>></p>",
    "<p><strong>炒股第一步，先开个股票账户</strong></p>",
    "<p>想炒股，先开户！选东方财富证券，行情交易一个APP搞定>></p>",
    "<p>主力资金加仓名单实时更新，APP内免费看>></p>",
)
_EDITORS = (
    "<p>（责任编辑：DF{n}）</p>",
    '<p class="res-edit">（责任编辑：DF{n}）</p>',
    "<p>责任编辑：王小{n} 审核：李大{n}</p>",
    "<p>编辑：张{n}丨校对：赵{n}</p>",
    "<p>（编辑 周明{n}）</p>",
    "<p>原标题：某地发布第{n}号通知</p>",
    "<p>来源：某某日报{n}版</p>",
    "<p>（本文来源：某某网{n}）</p>",
)
_NOTES = (
    '<div class="qrcode"><img src="https://n.example/qr{n}.png"><p>扫描二维码，关注本报公众号</p></div>',
    "<p>扫码下载客户端，阅读第{n}期</p>",
    "<p>打开微信，点击底部的“发现”，使用“扫一扫”即可将网页分享至朋友圈。</p>",
    '<iframe src="https://video.example/{n}" width="{n}"></iframe>',
    "<p>免责声明：本文仅供参考，不构成投资建议。编号{n}</p>",
    "<p>欢迎关注某某财经微信公众号</p>",
    "<p>本网站转载内容如有侵权，请联系本网删除。编号{n}</p>",
    "<p>以上内容如有错误，请联系编辑部更正。</p>",
    "<p>本文仅代表作者个人观点，不代表本站立场。</p>",
    "<p>郑重声明：本站发布此信息的目的在于传播更多信息，与本站立场无关。</p>",
    "<!-- 模块{n} --><p>下载某某APP，查看更多快讯></p>",
)
_RELATED = (
    '<h3>相关阅读</h3><ul><li><a href="http://a.example/{n}">某地出台第{n}号新政策</a></li></ul>',
    '<p>推荐阅读：</p><p><a href="http://a.example/{n}">一图看懂：{n}家公司年报</a></p>',
    "<p><strong>【延伸阅读】</strong></p><p>昨日市场成交{n}亿元</p>",
)
_CHART = (
    "<!-- EM_StockImg_Start -->"
    '<p style="text-align:center;"><a href="http://quote.eastmoney.com/unify/r/0.{code}"'
    ' data-code="{code}|0|2" class="EmImageRemark" target="_blank"><img'
    ' src="https://webquotepic.eastmoney.com/GetPic.aspx?nid=0.{code}&imageType=k&token={n}"'
    ' border="0" alt="K图 {code}_0" data-code="K {code}|0|2" /></a></p><!-- EM_StockImg_End -->'
)
_PICTURE = (
    '<p><img src="https://dfscdn.dfcfw.com/download/D{code}_w800.jpg?token={n}" alt="Image"'
    ' width="{n}" /></p>'
)

# Notices of a publisher, those for known texts and those for held-out ones.
_NOTICES = (
    (
        "更正：本文此前版本中的数据有误，现予更正。",
        "【更正】上文中的金额单位有误，特此更正。",
        "（本文已更正：此前版本误写了机构名称。）",
        "编者按：此前报道中的比例有误，本报向读者致歉。",
        "勘误：文中人名应作更改，此前的写法有误。",
        "编者注：标题及正文中的数字已更正。",
        "撤稿声明：本网此前刊发的这篇报道失实，现予撤回。",
        "此前快讯中的日期有误，现已更正。",
        "更正声明：原文把单位写错，应以公告为准。",
        "本站此前发布的版本存在错误，已删除相关段落。",
        "注：本稿早前版本笔误，已订正。",
        "上述报道中的公司名称有误，特此更正并致歉。",
        "更正启事：昨日三版文章中的单位名称有误。",
        "特别说明：本文发布后经核实有误，已作修改。",
        "经核实，本网昨日关于某公司的报道与事实不符，现予以撤下。",
        "声明：本报对上述失实报道致以歉意。",
        "重要声明：本文此前版本有误，以此版为准。",
    ),
    (
        "【勘误】本网早间报道中的募资额单位应为港元。",
        "更正通知：今日刊发的稿件中，日期写错，谨此更正。",
        "（注：本文较早前版本中的持股比例有误，已订正）",
        "编者按：本文所引数据后经核实不准确，已作更正。",
        "因内容失实，本报道已撤回，谨向读者致歉。",
        "撤回说明：本社今晨播发的快讯系误发，请勿使用。",
        "此前消息有误，请以本条为准。",
        "本条快讯已作废，请以稍后的更正稿为准。",
        "更正：标题中的“上调”应为“下调”。",
        "各用户请注意：前发稿件有误，请勿采用。",
        "【编者注】文章发布后，公司来函指出数据有误，本文已据此修改。",
        "订正声明：本台昨日报道的会议时间应为周五。",
        "勘误表：文中两处人名有误。",
        "原文错将同比写成环比，已改。",
        "今日上午播发的业绩一稿有误，请删除。",
        "说明：稿件中引用的数据来源有误，编辑部已核改。",
    ),
)
_WITHDRAWN = (
    ("该文章已被撤回。", "本文已撤稿，特此说明。", "稿件已删除。"),
    (
        "撤稿声明：本报今日刊发的此文有误，现予撤回。",
        "该报道已下线。",
        "应作者要求，本文已撤下。",
        "本新闻因故撤销。",
    ),
)
# Sentences that write about corrections of others.
_NO_NOTICES = (
    "公司表示，此前媒体报道有误，公司经营一切正常。",
    "上述公司同日发布更正公告，对年度报告中的关联交易作出补充。",
    "交易所要求公司在五个交易日内更正年报数据。",
    "该公司因业绩预告与实际相差较大，向投资者致歉。",
    "有关部门否认了网上流传的消息，称其内容不实。",
    "平台随后删除了相关视频，并向用户道歉。",
    "该公司撤回了上市申请，并称申报文件中的数据有误。",
    "监管部门要求相关媒体删除失实报道。",
)
_TITLE_MARKS = ("【更正】{0}", "更正：{0}", "{0}（已更正）", "【撤稿】{0}")
_NUMBER = re.compile(r"(?<![A-Za-z\d.,=\"_/-])\d+(?:\.\d+)?(?=(?:%|亿|万|倍|家|元|吨|人|点|美元))")
_OTHER_UNITS = (("%", "个百分点"), ("亿", "万"), ("万", "亿"), ("亿元", "亿美元"), ("倍", "%"))
_TWO_CHARACTERS = re.compile(r"(?<=[\u4e00-\u9fff])[\u4e00-\u9fff]{2}(?=[\u4e00-\u9fff])")
_CLAUSE = re.compile(r"(?<=[\u4e00-\u9fff%])，[\u4e00-\u9fff]{8,20}(?=[，。])")
# Characters of words that replace others.
_STRANGE = "琵琶葡萄蝴蝶玫瑰骆驼"
_PARAGRAPH = re.compile(rf"<p>[^<]{{{_SHORTEST_PARAGRAPH},}}</p>")


@dataclass(frozen=True, slots=True)
class Text:
    """A real article.

    :param name: of its file and its place there.
    """

    name: str
    title: str
    published: datetime
    media: str
    body: str

    @property
    def is_held_out(self) -> bool:
        """True for the half of the texts that no rule was adapted to."""
        return crc32(self.name.encode()) % 2 == 1


@dataclass(frozen=True, slots=True)
class Pair:
    """Two versions of an article.

    :param classes: the classes of the edits between them; empty for noise alone.
    :param noise: the names of its kinds.
    :param edit: what was planted.
    """

    before: ComparedVersion
    after: ComparedVersion
    classes: frozenset[str]
    noise: tuple[str, ...]
    edit: str
    is_held_out: bool


# The labelled edits: those that the rules were made with, and those that were written afterwards.
_LABELLED, _UNSEEN = "edits.tsv", "unseen.tsv"


@dataclass(frozen=True, slots=True)
class _Planted:
    """A text with its securities, before or after an edit."""

    text: Text
    securities: frozenset[str] = frozenset({"1.600519", "0.300750"})


@dataclass(frozen=True, slots=True)
class _Edit:
    text: Text
    after: _Planted
    classes: frozenset[str]
    name: str
    is_unseen: bool = False


def planted_pairs(folder: Path, seed: int = 1, rounds: int = 3) -> Iterator[Pair]:
    """Yield pairs, always the same ones for a seed.

    :param folder: of the tests, with their recorded answers, samples and labelled edits.
    :param rounds: pairs of each edit, with different noise.
    """
    texts = list(real_texts(folder))
    chance = random.Random(seed)
    edits = [*_by_hand(texts, folder), *_by_rules(texts, chance)]
    edits += list(_in_pairs(edits, chance))
    edits += [_Edit(text, _Planted(text), frozenset(), "none") for text in texts for _ in range(4)]
    for edit in edits:
        for _ in range(rounds):
            yield _with_noise(edit, chance)


def real_texts(folder: Path) -> Iterator[Text]:
    """Yield the articles of the recorded answers and of the samples."""
    for path in sorted((folder / "golden" / "recorded").glob("*/expected.json")):
        for name, file in json.loads(path.read_text("utf-8"))["files"].items():
            for number, entry in enumerate(file.get("entries") or [file]):
                text, title = (
                    entry.get("body_text") or entry.get("digest") or "",
                    entry.get("title"),
                )
                if len(text) < _SHORTEST_TEXT:
                    continue
                lines = [html.escape(line, quote=False) for line in text.splitlines()]
                yield Text(
                    f"{path.parent.name}/{name}/{number}",
                    title or text[:20],
                    _at(entry["published"]),
                    "财联社",
                    "".join(f"<p>{line}</p>" for line in lines),
                )
    for path in sorted((folder / "samples" / "share_api").glob("*.json")):
        answer = json.loads(path.read_text("utf-8"))
        body = answer["text"]
        yield Text(path.stem, answer["title"], _at(answer["showtime"]), answer["from"], body)


def _at(time: str) -> datetime:
    found = datetime.fromisoformat(time)
    return found if found.tzinfo else found.replace(tzinfo=_ZONE)


def _by_hand(texts: Sequence[Text], folder: Path) -> Iterator[_Edit]:
    """Yield the edits of the labelled files: field, text before and after, classes; - for none."""
    labelled = folder / "archive" / "edits" / "labelled"
    lines = [(line, name) for name in (_LABELLED, _UNSEEN) for line in _lines(labelled / name)]
    for line, file in lines:
        field, before, after, labels = line.split("\t")
        before, after = (html.escape(part, quote=False) for part in (before, after))
        for text in texts:
            written = text.body if field == "body" else text.title
            if before in written:
                edited = written.replace(before, after)
                is_body = field == "body"
                edited_text = replace(text, body=edited) if is_body else replace(text, title=edited)
                planted = _Planted(edited_text)
                classes = frozenset(labels.split()) - {"-"}
                yield _Edit(text, planted, classes, f"{before} → {after}", file == _UNSEEN)


def _lines(path: Path) -> list[str]:
    return path.read_text("utf-8").splitlines()


def _by_rules(texts: Sequence[Text], chance: random.Random) -> Iterator[_Edit]:
    sentences = [
        sentence + "。"
        for text in texts
        for paragraph in _PARAGRAPH.findall(text.body)
        for sentence in html.unescape(paragraph[3:-4]).split("。")
        if len(sentence) >= _SHORTEST_PARAGRAPH
    ]
    clauses = sorted({clause for text in texts for clause in _CLAUSE.findall(text.body)})
    for text in texts:
        yield from _figures(text, chance)
        yield from _same_figures(text, chance)
        yield from _paragraphs(text, chance, chance.choice(sentences))
        yield from _words(text, chance, clauses)
        yield from _notices(text, chance)
        moved = text.published + timedelta(minutes=chance.choice((-90, 3, 17, 60, 300, 1440)))
        planted = _Planted(replace(text, published=moved))
        yield _Edit(text, planted, frozenset({"published"}), f"published {moved}")
        for securities in ({"1.600519"}, {"1.600519", "0.300750", "116.00700"}, {"1.601318"}):
            planted = _Planted(text, frozenset(securities))
            yield _Edit(text, planted, frozenset({"securities"}), f"securities {securities}")


def _in_pairs(edits: Sequence[_Edit], chance: random.Random) -> Iterator[_Edit]:
    """Yield edits of a body together with an edit of the time, the title or the securities."""
    others = [one for one in edits if one.after.text.body == one.text.body and one.classes]
    for edit in edits:
        same = [one for one in others if one.text == edit.text]
        if edit.after.text.body != edit.text.body and same and chance.random() < 0.3:
            other = chance.choice(same)
            text = replace(other.after.text, body=edit.after.text.body)
            planted = _Planted(text, other.after.securities)
            classes, name = edit.classes | other.classes, f"{edit.name} and {other.name}"
            yield _Edit(edit.text, planted, classes, name, edit.is_unseen or other.is_unseen)


def _figures(text: Text, chance: random.Random) -> Iterator[_Edit]:
    numbers = list(_NUMBER.finditer(text.body))
    for number in chance.sample(numbers, min(3, len(numbers))):
        other = _other_number(number[0], chance)
        body = text.body[: number.start()] + other + text.body[number.end() :]
        planted = _Planted(replace(text, body=body))
        yield _Edit(text, planted, frozenset({"figures"}), f"{number[0]} → {other}")
    for number in chance.sample(numbers, min(1, len(numbers))):
        behind = text.body[number.end() :]
        for unit, other in _OTHER_UNITS:
            if behind.startswith(unit):
                body = text.body[: number.end()] + other + behind[len(unit) :]
                planted = _Planted(replace(text, body=body))
                name = f"{number[0]}{unit} → {other}"
                yield _Edit(text, planted, frozenset({"figures"}), name)
                break


def _other_number(number: str, chance: random.Random) -> str:
    """Return a number with one other digit."""
    places = [place for place, char in enumerate(number) if char.isdigit()]
    place = chance.choice(places)
    others = [digit for digit in "123456789" if digit != number[place]]
    return number[:place] + chance.choice(others) + number[place + 1 :]


def _same_figures(text: Text, chance: random.Random) -> Iterator[_Edit]:
    """Yield changes that write a figure in another way."""
    numbers = list(_NUMBER.finditer(text.body))
    for number in chance.sample(numbers, min(3, len(numbers))):
        value, behind = Decimal(number[0]), text.body[number.end() :]
        if behind.startswith("亿"):
            other = f"{(value * 10_000).normalize():f}万"
            end = number.end() + 1
        elif behind.startswith("%"):
            whole, _, decimals = number[0].partition(".")
            read = _in_chinese(int(whole)) + (
                f"点{_digits_in_chinese(decimals)}" if decimals else ""
            )
            other, end = f"百分之{read}", number.end() + 1
        elif value >= 1_000:
            other, end = f"{value:,}", number.end()
        else:
            other, end = _in_chinese(int(value)), number.end()
            if value != int(value):
                continue
        body = text.body[: number.start()] + other + text.body[end:]
        planted = _Planted(replace(text, body=body))
        yield _Edit(text, planted, frozenset(), f"{number[0]}{behind[:1]} = {other}")


def _digits_in_chinese(digits: str) -> str:
    return "".join("零一二三四五六七八九"[int(digit)] for digit in digits)


def _in_chinese(number: int) -> str:
    """Return a number below a thousand in words."""
    if number < 10:
        return _digits_in_chinese(str(number))
    if number < 100:
        tens, ones = divmod(number, 10)
        return ("" if tens == 1 else _in_chinese(tens)) + "十" + (_in_chinese(ones) if ones else "")
    hundreds, rest = divmod(number, 100)
    behind = _in_chinese(rest) if rest >= 20 else f"一{_in_chinese(rest)}" if rest >= 10 else ""
    return _in_chinese(hundreds) + "百" + (behind or (f"零{_in_chinese(rest)}" if rest else ""))


def _paragraphs(text: Text, chance: random.Random, sentence: str) -> Iterator[_Edit]:
    """Yield edits that add and remove sentences and paragraphs."""
    paragraphs = list(_PARAGRAPH.finditer(text.body))
    if not paragraphs or sentence in html.unescape(text.body):
        return
    place = chance.choice(paragraphs)
    added = html.escape(sentence, quote=False)
    decoy = chance.choice(_NO_NOTICES)
    for words, name in ((added, "new paragraph"), (decoy, "no notice")):
        body = text.body[: place.end()] + f"<p>{words}</p>" + text.body[place.end() :]
        planted = _Planted(replace(text, body=body))
        yield _Edit(text, planted, frozenset({"addition"}), f"{name} {words}")
    end = place.end() - len("</p>")
    if text.body[end - 1] == "。":
        planted = _Planted(replace(text, body=text.body[:end] + added + text.body[end:]))
        yield _Edit(text, planted, frozenset({"addition"}), f"new sentence {added}")
    if len(paragraphs) > 1:
        planted = _Planted(replace(text, body=text.body.replace(place[0], "")))
        yield _Edit(text, planted, frozenset({"wording"}), f"without {place[0]}")


def _words(text: Text, chance: random.Random, others: Sequence[str]) -> Iterator[_Edit]:
    """Yield edits of words and clauses within a sentence.

    :param others: clauses of other texts.
    """
    wording, addition = frozenset({"wording"}), frozenset({"addition"})
    places = [match.span() for match in _TWO_CHARACTERS.finditer(text.body)]
    clauses = [match.span() for match in _CLAUSE.finditer(text.body)]
    changes: list[tuple[int, int, str, frozenset[str]]] = []
    for start, end in chance.sample(places, min(2, len(places))):
        word = "".join(chance.sample([char for char in _STRANGE if char not in text.body], 2))
        changes.append((start, end, word, wording))
        changes.append((start, start, word, wording))
    for start, end in chance.sample(clauses, min(2, len(clauses))):
        changes.append((start, end, "", wording))
        changes.append((start, start, chance.choice(others), addition))
    for start, end, word, classes in changes:
        body = text.body[:start] + word + text.body[end:]
        planted = _Planted(replace(text, body=body))
        yield _Edit(text, planted, classes, f"{text.body[start:end]} → {word}")
    numbers = list(_NUMBER.finditer(text.body))
    near = [
        (number, place)
        for number in numbers
        for place in places
        if 4 <= number.start() - place[1] <= 12 and "<" not in text.body[place[0] : number.end()]
    ]
    for number, (start, end) in chance.sample(near, min(2, len(near))):
        word, other = _STRANGE[:2], _other_number(number[0], chance)
        between = text.body[end : number.start()]
        body = text.body[:start] + word + between + other + text.body[number.end() :]
        planted = _Planted(replace(text, body=body))
        name = f"{text.body[start : number.end()]} → {word}{between}{other}"
        yield _Edit(text, planted, frozenset({"wording", "figures"}), name)
    if len(numbers) > 1:
        one, two = sorted(chance.sample(numbers, 2), key=lambda match: match.start())
        if one[0] != two[0]:
            gap = text.body[one.end() : two.start()]
            body = text.body[: one.start()] + two[0] + gap + one[0] + text.body[two.end() :]
            planted = _Planted(replace(text, body=body))
            yield _Edit(text, planted, frozenset({"figures"}), f"{one[0]} and {two[0]} swapped")


def _notices(text: Text, chance: random.Random) -> Iterator[_Edit]:
    half = int(text.is_held_out)
    notice = chance.choice(_NOTICES[half])
    retraction = frozenset({"retraction"})
    first = text.body.find("</p>") + len("</p>")
    for at in (0, first):
        body = text.body[:at] + f"<p>{notice}</p>" + text.body[at:]
        yield _Edit(text, _Planted(replace(text, body=body)), retraction, notice)
    gone = chance.choice(_WITHDRAWN[half])
    yield _Edit(text, _Planted(replace(text, body=f"<p>{gone}</p>")), retraction, gone)
    title = chance.choice(_TITLE_MARKS[half::2]).format(text.title)
    planted = _Planted(replace(text, title=title))
    yield _Edit(text, planted, retraction | {"title"}, title)


def _with_noise(edit: _Edit, chance: random.Random) -> Pair:
    """Return an edit as two versions, each with noise of the same kinds."""
    kinds = chance.sample(sorted(NOISE), chance.randint(1, 4))
    versions = [_version(_Planted(edit.text)), _version(edit.after)]
    if "rendering" in kinds and "editions" in kinds:
        kinds.remove("editions")
    if "securities" in edit.classes:
        unlike = {"rendering", "editions"}
    else:
        unlike = {"rendering"} if "published" in edit.classes else set()
    kinds = [kind for kind in kinds if kind not in unlike]
    both = chance.random() < 0.5  # the noise is in one version, or in both
    for kind in sorted(kinds, key=list(NOISE).index):
        sides = (0, 1) if both and kind not in {"rendering", "editions"} else (chance.randrange(2),)
        for side in sides:
            versions[side] = NOISE[kind](versions[side], chance)
    before, after = versions
    held_out = edit.text.is_held_out or edit.is_unseen
    return Pair(before, after, edit.classes, tuple(kinds), edit.name, held_out)


def _version(planted: _Planted) -> ComparedVersion:
    text = planted.text
    return ComparedVersion(
        title=text.title,
        body=text.body,
        published=text.published,
        body_source=BodySource.SHARE_API,
        securities=planted.securities,
        media=text.media,
        edition="media",
    )


Noise = Callable[[ComparedVersion, random.Random], ComparedVersion]


def _inserted(version: ComparedVersion, part: str, chance: random.Random) -> ComparedVersion:
    """Put a part between two paragraphs, or behind the last one."""
    ends = [match.end() for match in re.finditer(r"</p>(?!</div>)", version.body)] or [
        len(version.body)
    ]
    at = chance.choice(ends)
    return replace(version, body=version.body[:at] + part + version.body[at:])


def _adverts(version: ComparedVersion, chance: random.Random) -> ComparedVersion:
    advert = chance.choice(_ADVERTS).replace("{n}", str(chance.randrange(10**6)))
    return _inserted(version, advert, chance)


def _charts(version: ComparedVersion, chance: random.Random) -> ComparedVersion:
    """Insert a chart; the archive counts the security of a chart as named."""
    code = f"00{chance.randrange(1000, 3000)}"
    chart = _CHART.replace("{code}", code).replace("{n}", f"{chance.randrange(16**8):08x}")
    named = frozenset({*version.securities, f"0.{code}"})
    return replace(_inserted(version, chart, chance), securities=named)


def _tokens(version: ComparedVersion, chance: random.Random) -> ComparedVersion:
    picture = _PICTURE.replace("{code}", "2483").replace("{n}", str(chance.randrange(10**6)))
    return replace(version, body=version.body + picture)


def _credits(version: ComparedVersion, chance: random.Random) -> ComparedVersion:
    media = chance.choice(("财联社", "证券时报网", "上海<span id='bk_90.BK0473'>证券</span>报"))
    credit = chance.choice(
        (
            f'<p class="em_media">（文章来源：{media}）</p>',
            f"<p>（文章来源：{media}）</p>",
            f"<p>来源：{media}</p>",
        )
    )
    body = re.sub(r'<p class="em_media">.*?</p>', "", version.body)
    return replace(version, body=body + credit)


def _editors(version: ComparedVersion, chance: random.Random) -> ComparedVersion:
    line = chance.choice(_EDITORS).replace("{n}", str(chance.randrange(1, 100)))
    return replace(version, body=version.body + line)


def _notes(version: ComparedVersion, chance: random.Random) -> ComparedVersion:
    note = chance.choice(_NOTES).replace("{n}", str(chance.randrange(1, 1000)))
    return _inserted(version, note, chance)


def _attributes(version: ComparedVersion, chance: random.Random) -> ComparedVersion:
    """Add attributes to paragraphs, in any order; change the order of those that are there."""

    def shuffled(tag: re.Match[str]) -> str:
        attributes = re.findall(r'[\w-]+="[^"]*"', tag[2])
        chance.shuffle(attributes)
        return f"<{tag[1]} {' '.join(attributes)}{tag[3]}"

    given = ['style="text-indent:2em;"', 'align="left"', f'data-n="{chance.randrange(99)}"']
    chance.shuffle(given)
    body = re.sub(r'<(\w+)((?:\s+[\w-]+="[^"]*")+)(\s*/?>)', shuffled, version.body)
    return replace(version, body=body.replace("<p>", f"<p {' '.join(given)}>"))


def _spaces(version: ComparedVersion, chance: random.Random) -> ComparedVersion:
    body = version.body
    gap = chance.choice(("\r\n", "\n ", "\n\n", "<br />", "<p>&nbsp;</p>"))
    body = body.replace("</p>", f"</p>{gap}")
    indent = chance.choice(("\u3000\u3000", "&emsp;&emsp;", "  ", "\u200b", "&nbsp;"))
    body = re.sub(r"<p>(?=[^<\u3000])", f"<p>{indent}", body)
    if chance.random() < 0.5:
        body = re.sub(r"(?<=[\u4e00-\u9fff]) ?(\d+(?:\.\d+)?) ?(?=[\u4e00-\u9fff])", r" \1 ", body)
    return replace(version, body=body)


def _marks(version: ComparedVersion, chance: random.Random) -> ComparedVersion:
    """Write punctuation marks in another form, as a conversion of the text does."""
    body, title = version.body, version.title
    for one, other in chance.sample(
        (("（", "("), ("）", ")"), ("：", ":"), ("——", "—"), ("；", ";"), ("％", "%")), 3
    ):
        body, title = body.replace(one, other), title.replace(one, other)
    return replace(version, body=body, title=title)


def _quotes(version: ComparedVersion, chance: random.Random) -> ComparedVersion:
    """Write quotation marks in another form."""
    left, right = chance.choice((('"', '"'), ("「", "」"), ("『", "』"), ("＂", "＂")))
    body = version.body.replace("“", left if left != '"' else "&quot;")
    body = body.replace("”", right if right != '"' else "&quot;")
    title = version.title.replace("“", left).replace("”", right)
    return replace(version, body=body, title=title)


def _width(version: ComparedVersion, chance: random.Random) -> ComparedVersion:
    """Write digits and Latin letters in full width."""
    wide = {code: code + 0xFEE0 for code in (*range(0x30, 0x3A), *range(0x41, 0x5B), 0x25)}
    parts = re.split(r"(<[^>]*>|&[#\w]+;)", version.body)
    body = "".join(
        part if number % 2 else part.translate(wide) for number, part in enumerate(parts)
    )
    return replace(version, body=body, title=version.title.translate(wide))


def _inline(version: ComparedVersion, chance: random.Random) -> ComparedVersion:
    """Wrap parts of the text in elements that change how it looks."""
    body = version.body
    for _ in range(3):
        places = [match.start() for match in re.finditer(r"(?<=>)[^<]{12,}(?=<)", body)]
        if places:
            at = chance.choice(places) + chance.randrange(8)
            tag = chance.choice(("strong", "span", "font", "em", "b"))
            if not re.search(r"[&;]", body[max(at - 8, 0) : at + 12]):
                body = f"{body[:at]}<{tag}>{body[at : at + 4]}</{tag}>{body[at + 4 :]}"
    return replace(version, body=body)


def _credit_in_line(version: ComparedVersion, chance: random.Random) -> ComparedVersion:
    """Put a credit behind the last sentence, in its paragraph."""
    credit = chance.choice(
        (
            "（文章来源：财联社）",
            "（来源：央视新闻）",
            "（责任编辑：张三{n}）",
            "(编辑：李四)",
            "（新华社）",
        )
    )
    at = version.body.rfind("</p>")
    credit = credit.replace("{n}", str(chance.randrange(9)))
    return replace(version, body=version.body[:at] + credit + version.body[at:])


def _related(version: ComparedVersion, chance: random.Random) -> ComparedVersion:
    links = chance.choice(_RELATED).replace("{n}", str(chance.randrange(1, 1000)))
    return replace(version, body=version.body + links)


def _seconds(version: ComparedVersion, chance: random.Random) -> ComparedVersion:
    """Cut the seconds of the time, as pages do."""
    return replace(version, published=version.published.replace(second=0))


def _rendering(version: ComparedVersion, chance: random.Random) -> ComparedVersion:
    """Render a body as the mirror does, with kramdown."""
    body = version.body.replace("\u3000", "").replace("\r", "")
    body = re.sub(r"&(?!#?\w+;)", "&amp;", body.replace("<br>", "<br />"))
    body = re.sub(r"</p>\s*<p", "</p>\n<p", body)
    body = re.sub(r"\{\{.*?\}\}|\{%.*?%\}", "", body)
    body = re.sub(
        r'<!-- EM_StockImg_Start -->(<p style="[^"]*">)(<a.*?</a>)(</p>)<!-- EM_StockImg_End -->',
        lambda part: f"<p>{html.escape(part[1])}{part[2]}{html.escape(part[3])}</p>",
        body,
    )
    title = version.title.replace(' "', " “").replace('"', "”")
    published = version.published
    if chance.random() < 0.3:
        published += timedelta(hours=chance.choice((8, 8, 1)))
    return replace(
        version, body=body, title=title, published=published, body_source=BodySource.MIRROR
    )


def _editions(version: ComparedVersion, chance: random.Random) -> ComparedVersion:
    """Mark words up as securities, as in the edition of rolling news."""
    words = re.findall(r"(?<=[，。、>])[\u4e00-\u9fff]{2,4}(?=[\u4e00-\u9fff])", version.body)
    body = version.body.replace("\r\n", "\n")
    securities = set(version.securities)
    for word in chance.sample(words, min(3, len(words))):
        code = f"600{chance.randrange(100, 999)}"
        marked = (
            f'<span id="stock_1.{code}"><a href="http://quote.eastmoney.com/unify/r/1.{code}"'
            f' class="keytip" data-code="1,{code}">{word}</a></span><span'
            f' id="quote_1.{code}"></span>'
        )
        body = re.sub(rf"(?<=[，。、>]){word}(?=[\u4e00-\u9fff])", marked, body, count=1)
        securities.add(f"1.{code}")
    return replace(version, body=body, securities=frozenset(securities), edition="rolling")


# In the order in which they are applied.
NOISE: dict[str, Noise] = {
    "credit in line": _credit_in_line,
    "inline": _inline,
    "tokens": _tokens,
    "charts": _charts,
    "editions": _editions,
    "adverts": _adverts,
    "notes": _notes,
    "credits": _credits,
    "editors": _editors,
    "related": _related,
    "attributes": _attributes,
    "marks": _marks,
    "quotes": _quotes,
    "width": _width,
    "spaces": _spaces,
    "seconds": _seconds,
    "rendering": _rendering,
}

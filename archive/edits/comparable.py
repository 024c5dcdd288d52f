"""The part of an article that its publisher writes, and that is the same in every response.

Not in it are adverts, credits, lines about editors, notes about QR codes, disclaimers, frames,
pictures, and what a rendering leaves behind in a text. Each pattern has an example.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from lxml import etree

from archive.content.adverts import SENTENCES, drop_adverts
from archive.content.credit import credits_in
from archive.content.images import is_chart
from archive.content.securities import securities_in
from archive.content.text import plain_text
from archive.content.tree import drop, drop_hidden, parse
from archive.edits.folding import INVISIBLE, fold, tidy
from archive.edits.notices import is_notice

_PEOPLE = (
    r"(?:责任编辑|责编|编 ?辑|编审|校 ?对|审 ?核|审校|监 ?制|值班编辑|实习编辑"
    r"|主编|值班主任|终审|统筹|排版|制图|视觉|海报|出品|编译|翻译)"
)
_WRITERS = r"(?:[^\s：:，,。]{0,4}记 ?者|作 ?者|撰文|采写|文)"
_NAMES = r"[^\s：:，,。？?]{2,4}(?:[、 ][^\s：:，,。？?]{2,4}){0,5}"
_SOURCE = (
    r"(?:文章|本文|稿件|新闻|信息|内容|原文|(?:封面|首图|题图|头图)?图片|封面|题图|图)?"
    r"(?:来源|转自|源)"
)

# Patterns of whole lines.
_APART = re.compile(
    "|".join(
        (
            # 责任编辑：张三 审核：李四   （编辑 王五）   责编：赵六丨校对：钱七
            rf"[（(\[【]?\s*{_PEOPLE}\s*[：:丨|｜/ ][^。，,]{{0,60}}",
            # 每经编辑：张三   每经记者：李四 每经编辑：王五   作者：赵六 编辑：钱七
            rf"[（(\[【]?(?:{_WRITERS}[：:丨|｜/] ?{_NAMES} ?)?[^\s：:，,。]{{0,4}}"
            rf"{_PEOPLE} ?[：:丨|｜/][^。，,]{{0,60}}",
            rf"[（(\[【]?{_WRITERS}[：:丨|｜/] ?{_NAMES}[）)\]】]?",
            # （记者 张三 编辑 李四 校对 王五）   本报记者 张三
            # 本报记者 张三 北京报道   （作者系某研究院研究员）   原创 张三 证券时报   图/视觉中国
            rf"[（(\[【]?{_WRITERS} {_NAMES}(?: ?[^\s：:，,。]{{0,6}}(?:报道|摄影?))?[）)\]】]?",
            r"[（(]作者[系为是][^。]{1,40}[）)]",
            r"原创 [^\s。，,：:]{2,4} [^\s。，,：:]{2,10}",
            r"图片?[/|丨｜][^。，,]{2,20}|(?:注[：:])?[^。，,]{0,6}图片?(?:来自|来源于|由AI)[^。]{1,60}",
            # （文章来源：财联社）   来源：证券时报网   （本文来源：新华社）
            rf"[（(\[【]?\s*{_SOURCE}\s*[：:][^。，,]{{0,40}}",
            # （原标题：示例控股回购）
            r"[（(]?原(?:文)?标题[：:].{1,120}",
            # 免责声明：本文仅供参考   【版权声明】…   风险提示及免责条款：市场有风险，
            r"[【\[]?(?:免责|版权|平台|郑重|重要|特别|温馨)(?:声明|提示|提醒)(?:[】\]：:]+.*)?",
            r"[A-Za-z]{0,6}风险提示(?:及免责条款)?(?:[：:](?:(?:投资|市场|股市|基金|期市)有风险[，,].*)?)?",
            r"[^。]{0,40}(?:不构成|不作为|不应视为)[^。]{0,20}(?:投资|操作)?建议.*",
            r"(?:投资|市场|股市|基金|期市)有风险[，,].*",
            r"[^。]{0,60}(?:如有|如需|如涉及|若有|如发现)[^。]{0,20}(?:侵权|版权|错误|疑问|异议|更正|投诉).*",
            r"[^。]{0,30}(?:不代表|仅代表)[^。]{0,30}(?:观点|立场|意见).{0,40}",
            r"[^。]{0,12}(?:未经|如需)[^。]{0,40}(?:转载|镜像|摘编|复制).*",
            # 转载请注明出处
            r"[^。]{0,20}转载[^。]{0,6}请[^。]{0,4}(?:注明|联系).{0,20}",
            # 本文首发于21财经APP   本文来自微信公众号“示例”，作者：张三
            r"本文(?:首发|原载|转载|来自|来源|源自|摘自|选自)[^。]{1,60}",
            # 扫描二维码，关注本报公众号   扫码下载APP
            r"[^。，]{0,8}(?:扫码|扫一扫|扫描|长按)[^。]{0,40}(?:二维码|关注|下载|识别|阅读|APP).*",
            r"[^。]{0,12}(?:二维码|公众号|微信号|视频号)[^。]{0,20}(?:关注|扫|订阅).*",
            r"(?:更多[^。，,]{0,12})?(?:欢迎|请|点击|长按)?[^。]{0,4}关注[^。]{0,30}(?:公众号|微信|微博|客户端|(?i:app)).*",
            r"[【\[]?(?:提示[：:】\]])?点击[^。]{0,10}(?:蓝字|卡片|名片|头像)[^。]{0,30}[。！!]*",
            # 点个“在看”再走   欢迎在评论区留言
            r"[^。，,]{0,6}点个?[\"']?(?:在看|赞|关注)[\"']?[^。]{0,12}|欢迎[^。]{0,8}(?:留言|来稿)[^。]{0,20}",
            # 打开APP阅读全文   更多精彩内容，请下载客户端
            r"(?:更多[^。，]{0,12}[，,])?(?:欢迎|请)?(?:打开|下载|点击|进入|使用|安装)"
            r"[^。，]{0,20}(?:(?i:app)|客户端)[^。]{0,40}[。>》]*",
            # 炒股开户享福利，送投顾服务60天体验权！
            r"(?:炒股|股票|期货|证券)?开户[享送领即就][^。]{0,60}[。！!>》]*",
            r"(?:海量(?:财经)?资讯|24小时滚动播报|一站式开户|想炒股|[^。]{0,8}炒股先开户|炒股第一步|炒股就看).*",
            # 广告   分享到   返回首页   阅读原文   举报/反馈   （完）
            r"[【（(\[]?(?:广告|推广|分享[到至]|展开全文|(?:点击)?(?:阅读[全原]文|原文链接|查看(?:更多|全文)[^。，,]{0,8}|加载更多)|回到顶部"
            r"|返回首页|我要纠错|举报(?:/反馈)?|(?:全文|正文)?完|(?i:end))[】）)\]]?[>》:：]*",
            # 分享到：微信 微博 QQ空间   阅读量：12345   阅读 1.2万 评论(13)
            r"分享[到至]?[：:]?"
            r"(?:[ 、/|]?(?:微信|朋友圈|(?:新浪)?微博|QQ(?:空间|好友)?|复制链接|更多))+",
            r"(?:(?:阅读|浏览|点击|评论|点赞|收藏|转发|分享|人气)(?:量|数|次数)?[：:(（ ]{0,2}"
            r"\d[\d,.]*[万亿]?[次条人+]?[)）]?[ /|]{0,3}){1,6}",
            # 本文共1234字，阅读约需3分钟   您的浏览器不支持视频播放
            r"(?:本文|全文)?[共约]{0,2}\d+字[，,]?(?:预计|大约)?阅读[^。]{0,8}分钟。?",
            r"(?:您的|当前)?浏览器(?:暂)?不支持[^。]{0,30}",
            # 字号：大 中 小   阅读下一篇：央行降准   点击进入专题：央行   标签：工业 利润
            # 新闻热线：010-12345678   返回搜狐，查看更多
            r"字[号体][：:]?(?: ?[特超]?[大中小])+",
            r"(?:阅读|查看)?[上下]一[篇条][：:].{1,100}|点击进入[^。]{1,60}|热点栏目 .*",
            r"(?:标签|关键词|相关专题)[：:][^。]{1,60}",
            r"(?:新闻|读者|爆料|投稿|客服|举报)(?:热线|电话|邮箱)[：:][^。]{1,40}",
            r"返回[^。，,]{1,8}[，,]查看更多|阅读更多[^。，,]{0,6}点击[^。]{0,6}",
            # 收藏 分享 评论   已有356人参与   © 2026 证券时报 版权所有
            r"(?:(?:收藏|分享|评论|点赞|转发|打印|举报)[ /|]{0,3}){2,7}",
            r"已有 ?\d+ ?[人条次](?:参与|评论|阅读|点赞|收藏)",
            r"(?:©|(?i:copyright)|\(c\)).{0,60}|[^。，,]{0,30}版权所有",
            # ●●●   ———
            r"[^\w。]+",
            r"https?://\S+",
            *SENTENCES,
        )
    )
)

# Words of notes to readers, in groups: disclaimers, words that address readers, and others. A line
# with words of three groups is a note, if one is a disclaimer's, or addresses readers in a line
# without a full stop: 【限时优惠】开通VIP，畅读深度内容   观点仅供参考，不构成投资建议，风险自担。
_NOTE = re.compile(
    "(据此(?:操作|投资|入市))|(风险请?自[担负]|责任自负)|(仅供您?参考)|(不构成|不作为|不代表|不意味着)"
    "|(任何(?:单位|机构|媒体|个?人)[^。]{0,8}不得|我[社网]保留|跳转链接|算备)|(小助[手理]|交流群)"
    "|(欢迎|敬请|请(?:点击|加|联系)|添加|联系人)|(点击|扫码|长按)|(限时|专享|领取)"
    "|(投资建议|其观点|[原本]作者)|(未经|授权|转载|版权|著作权|知识产权|原创)|(法律责任|侵权|追究)"
    "|((?i:app)|客户端|公众号|二维码|微信(?:号|ID|[：:]))|(下载|订阅|开通|体验|畅读|解锁)|(新用户|会员|(?i:vip))"
    "|(更多[^。，,]{0,10}(?:精彩|资讯|内容|机会|信息))|(广告)|(AI算法|自动生成|信息整理)"
    "|(声明[：:]|(?:风险|特别|温馨)(?:提示|提醒))|(海量|不间断|(?:邮箱|电话|热线)[：:])"
)
_LEAST_GROUPS, _DISCLAIMING, _ADDRESSING = 3, 6, 9

# The heading of links to other articles, which stand behind the article.
_RELATED = re.compile(
    r"[【\[>《#\s]*(?:(?:相关|推荐|延伸|热门|精彩)(?:阅读|新闻|推荐|文章|报道|链接)|猜你喜欢|为[你您]推荐|(?:大家|百万用户)都在看"
    r"|更多(?:精彩|相关)\w{0,4}|点击排行)[】\]>》#:：\s]*"
)

# The credit at the end of a line: …开展搜救。（央视新闻）   …据统计。（文章来源：财联社）
_CREDIT_AT_END = re.compile(
    rf"\s*[（(](?:(?:{_SOURCE}\s*[：:]|{_PEOPLE}\s*[：: ]?)[^（）()。]{{0,40}}"
    r"|[^（）()。，,\d]{0,8}记者[^（）()。，,\d]{2,20}"
    r"|[^（）()。，,\d]{0,14}(?:社|网|报|央视|新闻|广播|电视台|财经|客户端|报道|日报|快讯))[）)]$"
)
_LONGEST_APART = 300

# A label of the page, where it stands behind the last sentence: 写评论   看全文   图片
_LABEL = re.compile(r"[^\d。！？!?：:，,；;]{1,8}")

# The quote behind a security, which a page fetches: <span id="quote_1.600160">(23.1, 1.2%)</span>.
_QUOTE = re.compile("(?:bk)?quote_")

# A tag that a rendering escaped, and a template that it ran.
_LEFT_BEHIND = re.compile(
    r"</?(?:p|a|span|center|div|br|img|strong|b|em|font)\b[^<>]{0,500}>|\{\{[^{}]{0,500}\}\}|\{%[^{}]{0,500}%\}"
)


@dataclass(frozen=True, slots=True)
class ComparableBody:
    """A body without the parts that are not compared.

    :param charted: codes of securities that charts alone name; charts come and go.
    """

    lines: tuple[str, ...]
    charted: frozenset[str]


def comparable_body(html: str, media: str | None = None) -> ComparableBody:
    """Return the lines of a body that are compared.

    :param media: of the article; its name in brackets at the end is a credit.
    """
    # Behind a start tag of the body, text before the first block is no paragraph of its own.
    root = parse(f"<body>{html}")
    drop_adverts(root)
    drop_hidden(root)
    lines_of_credit = credits_in(root)
    named = {security.code for security in securities_in(root, lines_of_credit)}
    _drop_charts(root)
    drop([each for each in root.iter("span") if _QUOTE.match(each.get("id", ""))])
    in_text = {security.code for security in securities_in(root, lines_of_credit)}
    drop(lines_of_credit)
    shown = INVISIBLE.sub("", _LEFT_BEHIND.sub("", plain_text(root))).splitlines()
    lines = [tidy(line) for line in _without_related(shown) if not _is_apart(line)]
    lines = [kept for line in lines if (kept := _without_credit(line, media))]
    return ComparableBody(tuple(_without_labels(lines)), frozenset(named - in_text))


def _without_related(lines: Sequence[str]) -> Sequence[str]:
    """Return lines without the links to other articles behind them."""
    for number in range(1, len(lines)):
        if _RELATED.fullmatch(lines[number].strip()[:_LONGEST_APART]):
            before, behind = lines[:number], lines[number + 1 :]
            if not any("。" in line for line in behind) or _length(before) >= _length(behind):
                return before
    return lines


def _without_labels(lines: Sequence[str]) -> Sequence[str]:
    end = len(lines)
    while end and _LABEL.fullmatch(lines[end - 1]) and not is_notice(lines[end - 1]):
        end -= 1
    return lines[:end] if end and lines[end - 1].endswith("。") else lines


def _length(lines: Sequence[str]) -> int:
    return sum(map(len, lines))


def _drop_charts(root: etree._Element) -> None:
    charts = [image for image in root.iter("img") if is_chart(image.get("src", ""))]
    links = [link for link in root.iter("a") if "EmImageRemark" in link.get("class", "").split()]
    drop([*charts, *links])


def _is_apart(line: str) -> bool:
    if len(line) > _LONGEST_APART or is_notice(line):
        return False
    groups = {match.lastindex or 0 for match in _NOTE.finditer(line)}
    first = _DISCLAIMING if "。" in line else _ADDRESSING
    is_note = len(groups) >= _LEAST_GROUPS and min(groups) <= first
    return is_note or _APART.fullmatch(fold(line).strip()) is not None


def _without_credit(line: str, media: str | None) -> str:
    before = None
    while line != before:
        before = line
        if media:
            line = line.removesuffix(f"（{media}）").removesuffix(f"({media})")
        line = _CREDIT_AT_END.sub("", line)
    return line

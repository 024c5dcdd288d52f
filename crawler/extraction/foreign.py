"""Parts of a page that are no part of its article: comments, related articles, disclaimers.

A rule names a whole element or the whole text of a paragraph, so that an article that writes
about such things loses no word.
"""

import re
from collections.abc import Iterator

from lxml import etree

from archive.content.tree import drop, paragraphs, text_in
from archive.search.folding import simplified

_NAMES = re.compile(
    r"""
    comments? | cmts? | pinglun | reply | qr | rel | related?(?:posts?|articles?|news)? | relevan
    | recommend | recomm | tuijian
    | hot[-_]?news | rank(?:ing)? | paihang | share(?:daddy|bar|box)? | qr[-_]?code | appendqr
    | wx[-_]?follow | weixin | copyright
    | disclaimer | mzsm | side(?:[-_]?bar)? | foot(?:er)? | nav(?:bar)?
    | bread | crumb | toolbar | page[-_]tools | advert | ad[-_]?(?:box|context\d*|wrap|top|banner)
    | adsbygoogle | vote | poll | toupiao | banner | prev[-_]?next | pre[-_]?next | pager
    | pagination | subscribe | download[-_]?app
    | app[-_]?download | client[-_]?down
    """,
    re.VERBOSE | re.IGNORECASE,
)
#: Names of parts that are foreign where they are a line; longer ones may be the article itself.
_NAMES_OF_LINES = re.compile(
    r"statement|editor|edit|zebian|login|report|keywords?|tags?|label|abstract|source[-_]?from"
    r"|(?:img|pic|image|photo)?[-_]?caption|(?:img|pic|image|photo)[-_]?(?:desc\w*|title|info)",
    re.IGNORECASE,
)

_LONGEST_LINE = 120
#: The fewest characters of a link that is a title; the fewest such links of a list of other
#: articles, and their smallest share of its text.
_TITLE, _LEAST_LINKS, _SHARE_OF_LINKS = 6, 3, 0.15

#: The smallest share of an item of a list that its title has, and of items that have one.
_SHARE_OF_TITLE, _MOST_OF_LIST = 0.25, 0.8
_PARAGRAPH_TAGS = frozenset({"p", "br", "span", "strong", "h2", "h3", "h4"})
_LISTS = ("div", "section", "ul", "ol", "dl")
_SENTENCE = re.compile(r".{14}[。！？]\s*$")
#: Elements that no reader sees as text, whatever they hold.
_OF_FORMS = frozenset({"textarea", "select"})

_WORD = re.compile(r"[A-Za-z]+(?:[-_][A-Za-z]+)*\d*")
_TAGS = (
    "nav",
    "aside",
    "footer",
    "form",
    "button",
    "select",
    "textarea",
    "noscript",
    "iframe",
    "figcaption",
)
_INLINE = frozenset({"a", "b", "em", "font", "i", "label", "mark", "small", "span", "strong", "u"})
_WHOLE = frozenset({"html", "body", "article", "main", "h1"})
#: The largest share of a page's text that a foreign part has, whatever its name is.
_SHARE_OF_PAGE = 0.4

_LONGEST = 300
_PEOPLE = r"(?:责任编辑|责编|编辑|编审|校对|审核|审校|监制|值班编辑|实习编辑|主编|值班主任|终审)"
_REACTIONS = "(?:点赞|在看|转发|分享|收藏|关注|评论)"
_REPORTERS = (
    r"[（(]?\S{0,6}(?:记者|作者|文)\s*[：:｜|/]?\s*\S{2,12}\s+"
    r"\S{0,4}(?:编辑|责编)\s*[：:｜|/]?\s*\S{2,12}[）)]?"
)
_PARAGRAPHS = re.compile(
    "|".join(
        (
            rf"[（(\[【]?\s*[^\s，,。：:]{{0,6}}?{_PEOPLE}\s*[：:丨|｜/][^。]{{0,60}}",
            r"(?:摘要|导读|核心提示|内容提要)\s*[：:][^\n]*",
            _REPORTERS,
            r"《?[^》。]{2,20}》?\s*[（(]\s*\d{4}年\d{1,2}月\d{1,2}日[^。）)]{0,12}版[^。）)]{0,8}[）)]",
            r"(?:封面|题|头|首|配)?(?:图片?|照片|视频)来源\s*[：:｜|][^。]{0,40}|图源\s*[：:｜|][^。]{0,40}",
            r"[^。]{0,12}(?:广告|商务|媒体)合作[^。]{0,40}",
            r"[^。]{0,4}您的浏览器[^。]{0,12}不支持[^\n]*",
            r"Notice: The (?:above )?content[^\n]*",
            r"[（(]?原(?:文)?标题[：:][^\n]{1,120}",
            r"[【\[](?:免责|版权|特别|郑重|重要|平台)?声明[】\]][^\n]*",
            r"[“\"]?(?:免责声明|平台声明|版权声明|特别声明|特别提醒|特别提示|郑重声明|重要声明|声明)(?:[：:].*)?",
            r"风险提示(?:及免责条款)?",
            r"(?:相关|延伸|推荐)(?:阅读|报道|新闻)\s*(?:[：:][^\n]*|[^。，,]{6,80})|(?:#[^\s#，。,]{1,20}#?\s*)+",
            r"[（(]本文(?:首发|来源|原载|系|由)[^。]*[）)]",
            r"[^。，,：:]{2,10}声明[：:][^\n]*(?:不代表|不构成|供参考|自担|转载)[^\n]*",
            r"[^\n]*(?:本文|本站|以上|文中|所述)[^\n]*不构成[^。]{0,20}建议[^\n]*",
            r"[^。]{0,80}转载请(?:注明|联系|标明)[^\n]*",
            r"点击[上下]方[^。]*|[↓▼▽]+[^。]*|[-—–\s]*END[-—–\s]*|[^。]{0,30}点击这里[^。]{0,8}。?",
            rf"(?:欢迎|记得|请)?{_REACTIONS}(?:[、,，和 ]*{_REACTIONS})+",
            r"[^。]{0,12}(?:未经|如需)[^。]{0,40}(?:转载|镜像|摘编|复制)[^\n]*",
            r"[^。]{0,60}(?:不构成|不作为|不应视为)[^。]{0,20}(?:投资|操作)?建议[^\n]*",
            r"[^。]{0,40}据此[^。]{0,6}(?:操作|投资|入市|买卖)[^\n]*自(?:担|负)[^\n]*",
            r"(?:投资|市场|股市|基金)有风险[，,][^\n]*",
            r"[^。]{0,40}(?:著作权|版权)[^。]{0,30}(?:所有|联系|归|属)[^\n]*",
            r"[^。，,]{0,6}(?:扫码|扫一扫|扫描|长按)[^，,。]{0,4}[^。]{0,30}(?:二维码|关注|下载|识别|阅读|进入|加入)[^\n]*",
            r"[^。]{0,12}(?:二维码|公众号|微信号|视频号)[^。]{0,20}(?:关注|扫|订阅|[（(]\w+[）)])[^\n]*",
            r"关注[^。，,]{2,12}[（(][A-Za-z][\w-]+[）)][^。]*(?:获取|更多|了解)[^。]*",
            r"[^。]{0,8}关注[^。]{0,30}(?:公众号|微信|微博|客户端)[^\n]*",
            r"(?:(?:更多|欢迎|想|获取|了解|请)[^。]{0,20})?"
            r"(?:打开|下载|点击|进入|使用|安装)[^。]{0,20}(?:APP|App|app|客户端)[^。]{0,40}[。>》]*",
            r"(?:点击)?(?:进入|查看|阅读|参与)[^。]{0,30}(?:>>|»|＞＞|专题|专栏|详情|原文)[>»＞\s]*",
            r"(?:【\d+】|\[\d+\]|\s)+|(?:第?\d+页\s*)+|[+＋]\d+|\d+\s*人|图集|组图",
            r"【?(?:纠错|我要纠错)】?(?:\s*责任编辑\s*[：:][^。]{0,40})?",
            r"(?:海量资讯|24小时滚动播报|一站式开户|想炒股|炒股第一步|炒股就看)[^\n]*",
            r"[^。\n]{0,40}(?:尽在|上)[^。\n]{0,12}(?:APP|App|客户端)",
            r"(?:读者|新闻|举报|客服|投诉)(?:热线|电话|邮箱|报料)[^\n]{0,80}",
            r"(?:相关专题|专题|关键词(?:阅读)?|关键字|标签|分类|栏目|阅读|浏览|点击量?|评论|收藏|点赞|分享)"
            r"\s*[：:(（][^。\n]{0,80}",
            r"(?:上一篇|下一篇|上一页|下一页|返回)[^。\n]{0,60}",
            r"(?:分享(?:到|至|此文章|本文)?[：:]?|微信|微博|朋友圈|APP(?:下载)?|转发|举报|反馈|举报/反馈|广告|推广|赞助|赞赏|展开全文|阅读全文|阅读原文"
            r"|查看更多|加载更多|点击加载更多|加载中[.…]*|回到顶部|收藏|打印|字号|大中小|首页|正文)",
            r"(?:以上|本文)(?:内容|信息|数据)[^。]{0,30}(?:仅供参考|不代表)[^\n]*",
            r"如(?:有|涉及|果)[^。]{0,30}(?:侵权|版权|图片)[^\n]*(?:联系|删除|稿酬)[^\n]*",
            r"Copyright[^\n]*|©[^\n]*|tags?\s*[：:][^\n]*|https?://\S+",
        )
    ),
    re.IGNORECASE,
)
#: The statements of platforms and brokers, of any length.
_STATEMENTS = re.compile(r"[“\"【\[]?(?:免责|版权|特别|郑重|重要|平台)声明[】\]：:]")
_CREDIT = re.compile(r"[（(\[【]?\s*(?:文章|本文|稿件|新闻|信息)?来源\s*[：:][^。]{0,40}")
#: The number of last paragraphs that may be the credit; further up, 来源 is that of a picture.
_CREDITS_AT_END = 3

_HEADINGS = re.compile(
    r"[【\[>《#\s]*(?:相关(?:阅读|新闻|推荐|文章|报道|链接|资讯|话题|股票|内容|稿件)?|推荐(?:阅读|文章|新闻)?"
    r"|延伸阅读|热门(?:推荐|文章|新闻|评论|资讯|排行)|猜你(?:喜欢|感兴趣)|更多(?:精彩|相关|推荐|新闻|资讯)\w{0,4}"
    r"|精彩(?:推荐|评论|内容)|(?:全部|最新|网友|用户|热门|精彩)?评论(?:区|列表)?(?:\s*[(（]\d+[)）])?"
    r"|大家都在看|为[您你]推荐|今日(?:热点|要闻|推荐|头条)|往期(?:回顾|推荐|精彩)|编辑推荐|热点(?:推荐|新闻)"
    r"|(?:最新|实时|滚动)?快讯|高清图集|点击排行\w?|新闻排行\w?|24小时(?:热文|热点|排行)|发表评论|我要评论|最新(?:文章|新闻|资讯))"
    r"[】\]>》#：:\s]*"
)


def drop_foreign_parts(root: etree._Element) -> None:
    """Take out the parts of a page that their names show to be foreign."""
    whole = len("".join(root.itertext()))
    drop([element for element in root.iter(etree.Element) if _is_foreign(element, whole)])
    drop([element for element in root.iter(*_LISTS) if _is_headed(element)])
    article = {*_first_sentence(root)}
    drop([one for one in root.iter(*_LISTS) if one not in article and _lists_others(one)])


def drop_foreign_paragraphs(root: etree._Element) -> None:
    """Take out paragraphs that are foreign, and everything behind a heading such as 相关阅读."""
    blocks = [(element, " ".join(text_in(element).split())) for element in paragraphs(root)]
    shown = [(element, text) for element, text in blocks if text and not _is_cell(element)]
    end = len(shown)
    for place in range(end // 2, end):
        if place and _is_heading(shown[place][1]):
            end = place
            break
    behind = [element for element, _ in shown[end:]]
    inside = [(element, text) for element, text in shown[:end] if not is_foreign(text)]
    credit = [one for one, text in inside[-_CREDITS_AT_END:] if _CREDIT.fullmatch(text)]
    foreign = [element for element, text in shown[:end] if is_foreign(text)]
    drop([*behind, *foreign, *credit])


def _is_cell(element: etree._Element) -> bool:
    """Report whether an element is one of several cells of a row, such as a number of a table."""
    return element.tag in {"td", "th"} and len(element.getparent()) > 1


def is_foreign(text: str) -> bool:
    """Report whether the text of a paragraph is no part of an article."""
    text = simplified(text).strip()
    if len(text) > _LONGEST:
        return _STATEMENTS.match(text) is not None
    return _PARAGRAPHS.fullmatch(text) is not None


def _is_heading(text: str) -> bool:
    """Report whether a text is the heading of a list of other articles."""
    return _HEADINGS.fullmatch(simplified(text)) is not None


def _is_foreign(element: etree._Element, whole: int) -> bool:
    """Report whether an element is a foreign part of a page that has so many characters."""
    if element.tag in _WHOLE or element.tag in _INLINE:
        return False
    names = [part for attribute in ("id", "class") for part in _parts(element.get(attribute) or "")]
    named = element.tag in _TAGS or any(map(_NAMES.fullmatch, names))
    of_a_line = any(map(_NAMES_OF_LINES.fullmatch, names))
    if not (named or of_a_line):
        return False
    if element.find(".//h1") is not None:
        return False
    length = len("".join(element.itertext()).strip())
    if not named:
        return length <= _LONGEST_LINE
    return (
        element.tag in _OF_FORMS
        or length < whole * _SHARE_OF_PAGE
        or _leads_elsewhere(element, length)
    )


def _first_sentence(root: etree._Element) -> Iterator[etree._Element]:
    """Yield the paragraph of the first sentence behind a page's heading, and what is around it.

    An article may be a list of news with links to them.
    """
    heading = next((one for one in root.iter("h1") if text_in(one).strip()), None)
    is_behind = heading is None
    for paragraph in paragraphs(root):
        is_behind = is_behind or paragraph is heading
        if is_behind and _SENTENCE.search(text_in(paragraph)):
            yield from (paragraph, *paragraph.iterancestors())
            return


def _lists_others(element: etree._Element) -> bool:
    """Report whether nearly all children of an element hold the title of another article each."""
    children = list(element.iterchildren(etree.Element))
    if len(children) < _LEAST_LINKS or element.find(".//h1") is not None:
        return False
    items = [
        child
        for child in children
        if child.tag not in _PARAGRAPH_TAGS
        and len("".join(_titles(child))) > len("".join(child.itertext()).strip()) * _SHARE_OF_TITLE
    ]
    return len(items) >= max(_LEAST_LINKS, len(children) * _MOST_OF_LIST)


def _leads_elsewhere(element: etree._Element, length: int) -> bool:
    """Report whether an element holds the titles of other articles, and what is written of them."""
    links = _titles(element)
    return len(links) >= _LEAST_LINKS and sum(map(len, links)) >= length * _SHARE_OF_LINKS


def _titles(element: etree._Element) -> list[str]:
    """Return the texts of links to other pages that are long enough for titles."""
    links = (link for link in element.iter("a") if not (link.get("href") or "#").startswith("#"))
    return [text for link in links if len(text := text_in(link).strip()) >= _TITLE]


def _is_headed(element: etree._Element) -> bool:
    """Report whether an element begins with a heading such as 为你推荐, and leads elsewhere."""
    if element.tag in _WHOLE or element.find(".//h1") is not None:
        return False
    first = next((text.strip() for text in element.itertext() if text.strip()), "")
    length = len("".join(element.itertext()).strip())
    return _is_heading(first) and _leads_elsewhere(element, length)


def _parts(names: str) -> Iterator[str]:
    """Yield names, and what they are put together of."""
    for word in _WORD.findall(names):
        yield word
        yield from re.split(r"[-_]", word)
        yield from re.split(r"[-_]|(?<=[a-z])(?=[A-Z])", word)

"""Adverts inside bodies: they stay in the bytes of a post, but are no part of the article.

Adverts change from request to request. Therefore text, pictures and mentions are read, and bodies
are compared, without them. Each rule below has an example. A rule matches a whole element, or the
whole text of a paragraph, so that an article about opening accounts loses no word. A new rule is a
new line.
"""

import re

from lxml import etree

from archive.content.tree import drop, paragraphs, text_in

# Elements that are adverts: the tag and one of the classes.
SELECTORS = (
    # <p>　　<a class="toplink" href="https://ai.eastmoney.com/…">全新妙想投研助理，立即体验</a></p>,
    # the first paragraph of article pages of 2026; several public readers of them cut it out.
    ("a", "toplink"),
    # <div class="ad_context3"><script>…</script><p>…</p></div>, between paragraphs of such pages.
    ("div", "ad_context3"),
    # <a href="https://acttg.eastmoney.com/pub/…"><img class="em_handle_adv_close" /></a>, in the
    # body that the article API answered on 2026-09-19.
    ("img", "em_handle_adv_close"),
    # <p class="res-edit">（责任编辑：DF000）</p> below article pages: a person, not the article.
    ("p", "res-edit"),
)

# Addresses of links that are adverts, with all that the links contain: host and start of the path.
CAMPAIGNS = (
    # The links of the picture adverts above lead there. Only campaigns lie below /pub/.
    "acttg.eastmoney.com/pub/",
)

# The offer at the end of a sentence, if there is one.
_OFFER = r"(?:[^。\n]{0,60}(?:东方财富|APP|>>)[^。\n]{0,30})?\W*"

# Patterns of the whole text of a paragraph or of a link.
SENTENCES = (
    # 在东方财富看资讯行情，选东方财富证券一站式开户交易>> : cut out by public readers of the pages.
    r"(?:在东方财富看资讯行情，)?选东方财富证券[，,]?一站式开户交易\W*",
    r"[^。\n]{0,40}一站式开户交易\s*(?:>>|》|＞＞|»)",
    # 炒股第一步，先开个股票账户 : cut out by public readers of the pages.
    r"炒股第一步[，,]先开个股票账户\W*",
    # 想炒股，先开户！选东方财富证券，行情交易一个APP搞定>> : cut out by public readers, too.
    r"想炒股[，,]先开户[！!]" + _OFFER,
    # 主力资金加仓名单实时更新 : cut out by public readers of the pages.
    r"主力资金加仓名单实时更新" + _OFFER,
    # 打开微信，点击底部的“发现”，使用“扫一扫”即可将网页分享至朋友圈。 : next to a page's QR code.
    r"打开微信，点击底部的[“\"]发现[”\"]，使用[“\"]扫一扫[”\"]即可将网页分享至朋友圈。?",
    # 原标题：示例控股回购 : the article's title at another site; pages show it below the body.
    r"[（(]?原标题[：:][^。\n]{1,100}[）)]?",
    # （责任编辑：DF000）where the class of its paragraph was lost.
    r"[（(]责任编辑[：:][^。\n]{1,30}[）)]",
)

_NAMES = {name for name, _ in SELECTORS}
_SENTENCE = re.compile(r"\s*(?:" + "|".join(SENTENCES) + r")\s*")

# Characters of the longest paragraph that is compared with the patterns.
_LONGEST_SENTENCE = 200

_CAMPAIGN = re.compile(
    r"\s*(?:https?:)?//(?:" + "|".join(map(re.escape, CAMPAIGNS)) + ")", re.IGNORECASE
)


def drop_adverts(root: etree._Element) -> bool:
    """Remove the adverts of a body, and the paragraphs that contain nothing else.

    :returns: whether the body had adverts.
    """
    links = list(root.iter("a"))
    found = [
        *(element for element in root.iter(*_NAMES) if _is_selected(element)),
        *(link for link in links if _CAMPAIGN.match(link.get("href", ""))),
        *(element for element in (*links, *paragraphs(root)) if _is_sentence(element)),
    ]
    drop(found)
    return bool(found)


def _is_selected(element: etree._Element) -> bool:
    words = element.get("class", "").split()
    return any((element.tag, word) in SELECTORS for word in words)


def _is_sentence(element: etree._Element) -> bool:
    text = text_in(element).strip()
    return len(text) <= _LONGEST_SENTENCE and _SENTENCE.fullmatch(text) is not None

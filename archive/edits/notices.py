"""Recognise the notices by which a publisher retracts or corrects an article.

An article that writes about a correction of somebody else has none: a notice names the article
itself, or begins with its kind.
"""

import re

_KIND = r"(?:重要)?(?:更正|勘误|订正|撤稿|撤回|(?i:correction))(?:声明|启事|说明|通知)?"
_ITSELF = (
    r"(?:本文|此文|该文|本稿|此稿|该稿|本报|本网|本站|本刊|本社|本台|本条|前发|编辑部|原文|原稿"
    r"|前文|上文|文中|前稿|本篇|这篇)"
)
_EARLIER = (
    r"(?:(?:此前|早前|稍早|之前|先前)(?:的|所发|发布的|刊发的)?(?:报道|稿件|快讯|消息|文章|版本)"
    r"|上述(?:报道|稿件|快讯)|上述(?:消息|信息|内容|数据)(?=有误))"
)
_FAULT = (
    r"(?:有误|错误|失实|误写|误作|误为|笔误|不准确|更正|勘误|订正|撤回|撤稿|撤下|撤销|删除|下线|致歉|道歉"
    r"|歉意|不符|失误|修正|已作修改|作废|请勿[使采]用|写错|错将|错写|误将|已改)"
)
_NOTICE = re.compile(
    "|".join(
        (
            # 【更正】   更正：   （勘误）   撤稿声明：   更正声明
            rf"[【\[（(]{_KIND}[】\]）)].*|[【\[（(]?{_KIND}[：:].*|{_KIND}",
            # 编者按：此前版本有误。   编者注：数字已更正。
            rf"[（(【]?(?:编者按|编者注|编者的话|注)[】：:].{{0,60}}{_FAULT}.*",
            # 本文此前版本中的净利润有误，现予更正。   本报就此向读者致歉。
            rf".{{0,12}}{_ITSELF}.{{0,60}}{_FAULT}.*",
            # 说明：稿件中的数据来源有误。
            rf"[（(【]?(?:说明|声明|提示|注)[】：:].{{0,20}}(?:稿|文|报道).{{0,30}}{_FAULT}.*",
            # 今日上午播发的业绩一稿有误。
            rf"[^，,。]{{0,20}}(?:一稿|发稿|快讯)[^，,。]{{0,10}}{_FAULT}.*",
            # 此前报道有误。
            rf"[（(【]?{_EARLIER}.{{0,40}}{_FAULT}.*",
            # 该文章已被撤回。   稿件已删除
            r"[（(【]?(?:该|此|本)?(?:文章|稿件|内容|新闻|报道|文|稿)(?:现)?已(?:被|经|由)?.{0,12}"
            r"(?:撤回|撤稿|撤下|删除|下线|下架|移除|不存在).*",
            # 特此更正。
            r".{0,40}特此(?:更正|致歉|勘误|订正|撤稿)[。！）)】]*",
        )
    )
)
# 公司表示，此前报道有误: somebody else's words. 如有错误，请联系本网: a condition.
_OTHERS = re.compile(
    r"如有|如涉|如果|若有|如发现|"
    r"(?:表示|声称|(?<![名职简全俗])称|回应|指出|否认|辟谣|认为|公告|发布|宣布)(?!的)[^。]{0,4}[，,：:\"“][^。]{0,40}(?:报道|稿件|文章|消息|更正)"
)
# What a publisher leaves in the place of an article: 本新闻因故撤销。
_LEFT = re.compile(
    r".{0,40}(?:撤[回稿下销]|删除|下线|下架|移除|作废|更正|有误|致歉|不存在|已失效).{0,60}"
)
_IN_TITLE = re.compile(rf"[【\[（(](?:已)?{_KIND}[】\]）)]|^{_KIND}[：:|丨｜]|^(?:更正|勘误)(?=\s)")


def is_notice(text: str) -> bool:
    """Return whether a sentence or a line retracts or corrects the article that it is in."""
    line = text.strip()
    return _NOTICE.fullmatch(line) is not None and _OTHERS.search(line) is None


def is_left_of(text: str, before: str) -> bool:
    """Return whether a text is what was left in the place of a longer one."""
    return len(before) > 2 * len(text) and _LEFT.fullmatch(text.strip()) is not None


def is_marked(title: str) -> bool:
    """Return whether a title says that its article is retracted or corrected: 【更正】…"""
    return _IN_TITLE.search(title) is not None

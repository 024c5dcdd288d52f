"""Edits between two versions of an article."""

import time
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.article import SHANGHAI, BodySource, Precision
from archive.edits import ComparedVersion, Edit, EditClass, are_alike, edits_between
from archive.edits.notices import is_notice
from bench.planted_edits import NOISE, real_texts
from tests.conftest import ROOT

VERSION = ComparedVersion(
    title="某公司净利润增长5%",
    body="<p>某公司上半年净利润1.2亿元，同比增长5%。</p><p>公司拟派发现金红利。</p>",
    published=datetime(2026, 9, 30, 10, tzinfo=SHANGHAI),
    body_source=BodySource.SHARE_API,
    securities=("1.600519",),
    media="财联社",
    edition="media",
)
TEXTS = list(real_texts(ROOT / "tests"))
VERSIONS = [
    replace(VERSION, title=text.title, body=text.body, published=text.published, media=text.media)
    for text in TEXTS
]
SEVERAL_SOURCES = {"editions", "rendering"}


def edits(**changes: object) -> tuple[Edit, ...]:
    return edits_between(VERSION, replace(VERSION, **changes))  # type: ignore[arg-type]


def body_edits(before: str, after: str) -> tuple[Edit, ...]:
    return edits_between(replace(VERSION, body=before), replace(VERSION, body=after))


def test_each_class_with_its_words() -> None:
    other = VERSION.body.replace
    assert edits(title="某公司净利润下降5%") == (
        Edit(EditClass.TITLE, "某公司净利润增长5%", "某公司净利润下降5%"),
    )
    assert edits(body=other("1.2亿元", "1.2万元")) == (
        Edit(EditClass.FIGURES, "1.2亿元", "1.2万元"),
    )
    assert edits(securities=("1.600519", "0.300750")) == (
        Edit(EditClass.SECURITIES, "", "0.300750"),
    )
    assert edits(body="<p>更正：本文单位有误。</p>" + VERSION.body) == (
        Edit(EditClass.RETRACTION, "", "更正：本文单位有误。"),
    )
    assert edits(body=other("拟派发", "暂不派发")) == (Edit(EditClass.WORDING, "拟", "暂不"),)
    assert edits(body=VERSION.body + "<p>公司股价当日上涨。</p>") == (
        Edit(EditClass.ADDITION, "", "公司股价当日上涨。"),
    )
    assert edits(published=VERSION.published + timedelta(hours=2)) == (
        Edit(EditClass.PUBLISHED, "2026-09-30T10:00:00+08:00", "2026-09-30T12:00:00+08:00"),
    )
    assert edits(body=other("<p>", '<p class="text">')) == (Edit(EditClass.MARKUP, "", ""),)


def test_several_edits_at_once() -> None:
    body = VERSION.body.replace("1.2亿元", "1.3亿元").replace("5%", "8%，好于市场此前预期")
    assert edits(title="某公司净利润增长8%", body=body) == (
        Edit(EditClass.TITLE, "某公司净利润增长5%", "某公司净利润增长8%"),
        Edit(EditClass.FIGURES, "5%", "8%"),
        Edit(EditClass.FIGURES, "1.2亿元", "1.3亿元"),
        Edit(EditClass.ADDITION, "", "，好于市场此前预期"),
    )


def test_figures_are_paired_by_what_stands_around_them() -> None:
    before = "<p>甲公司营收12亿元，净利润3亿元，每股收益0.5元。</p>"
    after = "<p>甲公司营收12亿元，净利润-3亿元，每股收益0.4元。</p>"
    found = [(edit.before, edit.after) for edit in body_edits(before, after)]
    assert found == [("3亿元", "-3亿元"), ("0.5元", "0.4元")]


def test_figures_that_changed_places() -> None:
    found = body_edits("<p>盈利增速为14%和12%。</p>", "<p>盈利增速为12%和14%。</p>")
    assert [(edit.before, edit.after) for edit in found] == [("14%", "12%"), ("12%", "14%")]


def test_a_figure_in_a_reworded_part() -> None:
    found = edits_between(
        replace(VERSION, title="美光获重申2000美元目标价"),
        replace(VERSION, title="美光获上调目标价至2500美元"),
    )
    assert Edit(EditClass.FIGURES, "2000美元", "2500美元") in found


@pytest.mark.parametrize(
    "notice",
    [
        "上述数据有误，请以公司公告为准。",
        "更正：本网今日发布的稿件中，“三成”误为“四成”，特此更正。",
        "Correction: an earlier version misstated the profit.",
    ],
)
def test_an_unusual_notice(notice: str) -> None:
    (found,) = body_edits(VERSION.body, f"{VERSION.body}<p>{notice}</p>")
    assert found.edit_class is EditClass.RETRACTION


def test_a_notice_in_brackets() -> None:
    notice = "（更正：原文中“三成”应为“两成”。）"
    assert body_edits(VERSION.body, f"{VERSION.body}<p>{notice}</p>") == (
        Edit(EditClass.RETRACTION, "", notice),
    )


def test_a_notice_that_begins_like_a_disclaimer() -> None:
    notice = "重要声明：本文此前版本有误。"
    found = edits(body=f"{VERSION.body}<p>{notice}</p>")
    assert found == (Edit(EditClass.RETRACTION, "", notice),)
    assert edits(body=f"{VERSION.body}<p>如有错误，请联系本网更正。</p>")[0].edit_class is (
        EditClass.MARKUP
    )


def test_a_figure_in_a_table() -> None:
    before = "<table><tr><td>营收</td><td>123</td></tr><tr><td>利润</td><td>45</td></tr></table>"
    found = body_edits(before, before.replace("45", "54"))
    assert found == (Edit(EditClass.FIGURES, "45", "54"),)


def test_an_article_that_became_its_notice() -> None:
    for left in ("本文已撤稿。", "该文章已被删除", "因故撤销。", "文章已下架"):
        assert edits(body=f"<p>{left}</p>") == (Edit(EditClass.RETRACTION, "", left),)


def test_a_title_that_a_list_has_cut() -> None:
    assert edits(title="某公司净利润…") == ()


@pytest.mark.parametrize(
    "site", ["_某浪财经_某浪网", " - 某某见闻", "--经济·科技--某某网", " | 某经网"]
)
def test_the_name_of_a_site_behind_a_title(site: str) -> None:
    assert edits(title=VERSION.title + site) == ()
    other = "某公司净利润增长8%" + site
    assert edits(title=other) == (
        Edit(EditClass.TITLE, VERSION.title, other),
        Edit(EditClass.FIGURES, "5%", "8%"),
    )


def test_marks_of_form_are_no_edit() -> None:
    flash = "<p>【快讯】某社9月30日丨某公司净利润1.2亿元。</p>"
    other = "<p>[快讯] 某社9月30日｜某公司净利润1.2亿元。 🔔</p>"
    assert [edit.edit_class for edit in body_edits(flash, other)] == [EditClass.MARKUP]


def test_a_chart_names_no_security() -> None:
    chart = (
        '<p><a class="EmImageRemark" data-code="000338|0|2"><img src="https://webquotepic'
        '.eastmoney.com/GetPic.aspx?nid=0.000338&token=1"></a></p>'
    )
    found = edits(body=VERSION.body + chart, securities=("1.600519", "0.000338"))
    assert [edit.edit_class for edit in found] == [EditClass.MARKUP]


def test_the_time_of_pages_is_exact_to_the_minute() -> None:
    assert edits(published=VERSION.published + timedelta(seconds=40)) == ()


def test_another_source_states_another_time() -> None:
    moved = VERSION.published + timedelta(hours=1)
    assert edits(published=moved, body_source=BodySource.MIRROR) == ()
    assert [one.edit_class for one in edits(published=moved)] == [EditClass.PUBLISHED]


@pytest.mark.parametrize("precision", Precision)
def test_a_coarser_time_has_not_moved(precision: Precision) -> None:
    day = VERSION.published.replace(hour=0)
    moved = edits(published=day, precision=precision)
    assert bool(moved) == (precision in (Precision.SECOND, Precision.MINUTE))
    moved = edits(published=day - timedelta(days=1), precision=precision)
    assert bool(moved) == (precision is not Precision.FETCHED)


@pytest.mark.parametrize(
    ("changes", "alike"),
    [
        ({"body_source": BodySource.MIRROR}, True),
        ({"edition": "rolling"}, True),
        ({"body_source": BodySource.SUMMARY}, False),
        ({"body_source": BodySource.ARTICLE_PAGE}, False),
        ({"body_source": None}, False),
        ({"extractor": "trafilatura 2.3"}, False),
    ],
)
def test_only_like_is_compared_with_like(changes: dict[str, object], alike: bool) -> None:
    other = replace(VERSION, title="另一标题", body="<p>另一正文。</p>", **changes)  # type: ignore[arg-type]
    assert are_alike(VERSION, other) is are_alike(other, VERSION) is alike
    assert bool(edits_between(VERSION, other)) is alike


@pytest.mark.parametrize(
    "sentence",
    [
        "公司表示，此前媒体报道有误。",
        "公司发布更正公告，对年报作出补充。",
        "平台删除了相关视频，并向用户道歉。",
        "交易所撤销对该公司的处分。",
    ],
)
def test_news_about_corrections_is_no_notice(sentence: str) -> None:
    assert not is_notice(sentence)


@pytest.mark.parametrize(
    "line",
    [
        "每经编辑：某某",
        "每经记者：张三 每经编辑：李四",
        "（记者 张三 编辑 李四 校对 赵六）",
        "作者：张三 编辑：李四",
        "编 辑 | 张某",
        "审　核：李某",
        "封面图片来源：每经媒资库",
        "更多精彩内容，请下载某某APP",
        "欢迎关注每日经济新闻APP",
        "提示：点击上方蓝字关注",
        "点击查看更多",
        "【广告】",
        "举报/反馈",
        "（完）",
        "●●●",
        "本文首发于21财经APP",
        "本文来自微信公众号“某某”，作者：某某",
        "转载请注明出处",
        "炒股开户享福利，送投顾服务60天体验权，一对一指导服务！",
        "风险提示：股市有风险，投资需谨慎",
        "分享到：微信 微博 QQ空间",
        "阅读量：12345",
        "评论(13)",
        "阅读 1.2万　评论 356　点赞 28",
        "本文共1234字，阅读约需3分钟",
        "您的浏览器不支持视频播放",
        "点击查看全文>>",
        "本报记者 张三 北京报道",
        "（作者系某某研究院研究员）",
        "原创 张三 某某时报",
        "图/某某中国",
        "上一篇：央行开展逆回购操作",
        "标签：工业 利润 统计局",
        "新闻热线：010-12345678",
        "返回某狐，查看更多",
        "收藏 分享 评论",
        "已有356人参与",
        "© 2026 某某时报 版权所有",
        "本报记者 张三",
        "（记者张三 李四）",
        "读者热线：4008890008",
        "阅读下一篇：央行开展逆回购操作",
        "字号：大 中 小",
        "点击上方蓝字“某某基金报”关注我们",
        "点个“在看”再走",
        "写评论",
        "本文系作者授权发布，转载请联系原作者。",
        "欢迎在评论区留言",
        "本文源自：某某网",
        "【版权声明】凡来源某社的作品，未经授权不得转载。",
        "某社声明：文中观点均来自原作者，不代表某社观点及立场。特别提醒，投资决策需建立在独立思考之上，"
        "本文内容仅供参考，不作为实际操作建议，交易风险自担。",
        "【限时优惠】开通VIP，畅读深度内容",
        "投资者据此操作，风险请自担。更多机会早知道，欢迎下载某社APP。",
        "以上内容据公开信息整理，由AI算法生成（网信算备310104号），不构成投资建议。",
    ],
)
def test_a_line_beside_the_article_is_no_edit(line: str) -> None:
    for body in (f"{VERSION.body}<p>{line}</p>", f"{VERSION.body}<center>　<b>{line}</b></center>"):
        for before, after in ((VERSION.body, body), (body, VERSION.body)):
            assert {each.edit_class for each in body_edits(before, after)} == {EditClass.MARKUP}


@pytest.mark.parametrize(
    "line",
    [
        "记者：公司何时复产？",
        "作者表示，订单饱满。",
        "阅读器业务营收3亿元。",
        "开户数增长3%。",
        "已有356人参与投票。",
        "收藏市场升温。",
        "标签：公司称其为“龙头”。",
        "某会计所声明：尊重监管决定，上述处罚不代表公司全部业务。",
        "工信部通报15款APP，要求未经用户同意不得下载、不得自动续费会员。",
        "券商APP下载量激增，新用户开户可领取福利。",
        "值得注意的是，上述数据有误差。",
        "负责人表示，上述信息有误，平台已删除。",
        "敬请广大投资者注意投资风险，本次变动不构成重大资产重组。",
    ],
)
def test_a_line_of_the_article_is_compared(line: str) -> None:
    (edit,) = body_edits(VERSION.body, f"{VERSION.body}<p>{line}</p>")
    assert edit == Edit(EditClass.ADDITION, "", line)


def test_a_quote_that_a_page_fetches_is_no_edit() -> None:
    before = '<p><a data-code="1,600160">巨化</a><span id="quote_1.600160">(23.1)</span>公告。</p>'
    found = body_edits(before, before.replace("23.1", "24.1"))
    assert [each.edit_class for each in found] == [EditClass.MARKUP]


@given(st.sampled_from(VERSIONS))
def test_equal_versions_have_no_edits(version: ComparedVersion) -> None:
    assert edits_between(version, replace(version)) == ()


@given(
    st.sampled_from(VERSIONS), st.lists(st.sampled_from(sorted(NOISE)), max_size=5), st.randoms()
)
def test_noise_is_no_edit(version: ComparedVersion, kinds: list[str], chance) -> None:  # type: ignore[no-untyped-def]
    noisy = version
    for kind in sorted({*kinds}, key=list(NOISE).index):
        if kind != "editions" or "rendering" not in kinds:
            noisy = NOISE[kind](noisy, chance)
    for before, after in ((version, noisy), (noisy, version)):
        assert {edit.edit_class for edit in edits_between(before, after)} <= {EditClass.MARKUP}


@given(st.text(), st.text(), st.text(), st.text())
def test_every_text_is_compared(title: str, body: str, other_title: str, other: str) -> None:
    before = replace(VERSION, title=title, body=body)
    after = replace(VERSION, title=other_title, body=other)
    found = edits_between(before, after)
    classes = [edit.edit_class for edit in found]
    assert classes == sorted(classes, key=list(EditClass).index)
    assert EditClass.MARKUP not in classes or len(found) == 1
    assert len(set(found)) == len(found)


def paragraphs(text: str, count: int) -> str:
    return "".join(f"<p>{text}{number}。</p>" for number in range(count))


#: Characters of text in a body of 7.5 MB.
LONG = 2_500_000


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            paragraphs("某公司净利润增长5%，约为", 40_000),
            paragraphs("某公司净利润下降6%，约为", 40_000),
        ),
        ("<p>" + "甲乙" * (LONG // 2) + "</p>", "<p>" + "乙甲" * (LONG // 2) + "丙</p>"),
        ("<p>" + "1" * LONG + "</p>", "<p>" + "1" * LONG + "2</p>"),
        ("<p>" + "一百万" * (LONG // 3) + "</p>", "<p>" + "百万" * (LONG // 2) + "</p>"),
        ("<p>" + "{{" * (LONG // 2) + "</p>", "<p>" + "（" * LONG + "</p>"),
        ("<p>" + "&lt;p " * (LONG // 6) + "</p>", "<p>" + "早上3点" * (LONG // 4) + "</p>"),
        ("<p>甲。</p>" * 50_000, "<p>乙。</p>" * 50_000),
    ],
    ids=["figures", "one line", "digits", "numerals", "brackets", "tags", "paragraphs"],
)
def test_large_bodies_take_bounded_time(before: str, after: str) -> None:
    start = time.process_time()
    found = body_edits(before, after)
    assert time.process_time() - start < 30
    assert found
    assert len(found) <= 100 * len(EditClass)
    assert all(len(edit.before) <= 300 and len(edit.after) <= 300 for edit in found)

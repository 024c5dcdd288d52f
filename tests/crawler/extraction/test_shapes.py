# ruff: noqa: E501 (markup is easier to read in the lines of its page)
"""Pages in the shapes of publishers' content systems: title, time and text alone are taken."""

import json

import pytest

from crawler.declarations.answers import Answer
from crawler.extraction import extract

TITLE = "前三季度外贸进出口同比增长百分之六"
LINES = [
    "海关总署今天发布的数据显示，前三季度我国货物贸易进出口总值同比增长，规模创历史同期新高。",
    "其中，出口增长较快，机电产品所占比重继续提升，民营企业的活力进一步增强，占比超过一半。",
    "业内人士认为，外贸的韧性来自完整的产业体系，也来自企业不断开拓的多元化市场。",
    "“订单已经排到明年一月。”一家企业的负责人表示，新产品在海外很受欢迎，产能正在扩大。",
    "下一步，有关部门将继续优化口岸营商环境，推动跨境电商等新业态健康发展。",
]
TEXT = "".join(f"<p>　　{line}</p>" for line in LINES)
MENU = "".join(f'<a href="/{n}">频道{n}</a>' for n in range(12))
OTHERS = "".join(f'<li><a href="/a/{n}.html">另一条新闻的标题，第{n}条</a></li>' for n in range(9))

RECOMMENDED = "".join(
    f'<dl><dt><a href="/a/{n}.html"><img src="/{n}.jpg"></a></dt><dd class="tit"><a href="/a/{n}.html">'
    f'另一条新闻的标题，第{n}条</a></dd><dd class="exp">这里是第{n}条新闻的摘要，有一句话那么长，还有标点。</dd>'
    f'<dd class="sj">2026-10-0{n}<span>07:42</span></dd></dl>'
    for n in range(1, 6)
)

SHAPES = {
    "a link that leads to a series, and the numbers of pages": (
        f'<div class="top_nav clearfix">{MENU}</div><div class="path"><span id="rwb_navpath"><a href="/">人民网</a>'
        f'&gt;&gt;<a href="/f">财经</a></span></div><div class="clearfix text_title"><h3 class="pre"></h3><h1>{TITLE}'
        '</h1><h4 class="sub"></h4><p class="author"></p><div class="box01"><div class="fl">2026年09月30日13:10&nbsp;'
        '&nbsp;来源：<a href="/">人民网-财经频道</a></div><div class="fr"><span class="ops_tit">分享到：</span></div></div>'
        '</div><div class="text_con"><div class="fl text_con_left"><div class="box_con" id="rwb_zw"><div class="box_pic">'
        '</div><p><a href="/GB/1.html"><span style="display:block"><strong>点击进入“财经观察”</strong><strong>&gt;&gt;'
        f'</strong></span></a></p>{TEXT}<div class="zdfy clearfix"><a href="/1.html">【1】</a><a href="/2.html">【2】</a>'
        '</div><div class="edit clearfix">(责编：张三、李四)</div></div></div></div>'
    ),
    "buttons, corrections and a gallery in the element of the article": (
        '<div class="nav"><div class="nav-carousel">'
        + MENU
        + '</div></div><div class="header"><div class="h-news"><div '
        f'class="h-title">\n{TITLE}\n</div><div class="h-info"><span class="h-time"> 2026-09-30 13:10:00</span><span>'
        '\n来源：\n<em id="source"> 新华网</em></span></div></div></div><div class="main"><div class="p-left"><div '
        'class="s-ewm"><div>关注新华网</div></div><a class="s-bottom">评论</a></div><div class="p-right"><div id="p-detail">'
        f'<div class="lb"><span class="tj">图集</span></div>{TEXT}<div class="tadd"><div class="zan-i">+1</div></div><div '
        'class="p-tags"><span class="p-jc"><span class="tiyi1"><a>【纠错】</a></span>\n责任编辑：\n张三\n</span></div></div>'
        '<div class="news-com"><div class="column-name">新闻<span>评论</span></div></div></div></div><ul class="right-wap '
        f'hot-news"><div class="name">热帖</div>{OTHERS}</ul>'
    ),
    "loose text and recommended articles with their digests": (
        '<div class="tonglan"><ul><li>首页</li><li>要闻</li></ul></div><div class="website">您所在的位置：'
        f'<a href="/">首页</a> &gt; <a href="/k">快讯</a></div><div class="intal_tit"><h2>{TITLE}</h2><div '
        'class="info">2026-09-30 13:10<span>来源：证券时报网</span><span>作者：张三</span></div></div><div '
        f'class="txt_con" id="ctrlfscont">\n\n    {"<br>".join(LINES)}   <p></p>\n </div><div class="fenxiang">'
        '<a class="fx" href="#">分享：</a></div><div class="shenming"><p>声明：本报力求信息真实、准确，文章提及内容'
        f'仅供参考，据此操作风险自担。</p></div><div class="tuijian"><h2>为你推荐</h2>{RECOMMENDED}</div>'
        f'<div class="pinglun"><div class="title">点击排行</div><ul>{OTHERS}</ul></div>'
    ),
    "the time and the credit in one line, the editor in a line of its own": (
        f'<div class="nav">{MENU}</div><div class="layout rm_txt"><div class="col col-1 fl"><h1>{TITLE}'
        '</h1><div class="col-1-1 fl">2026年09月30日13:10 | 来源：<a href="/">人民网</a></div>'
        f'<div class="rm_txt_con cf"><p><img src="/1.jpg"></p>{TEXT}<div class="edit cf">(责编：张三、'
        f'李四)</div></div><div class="rm_tag">分享让更多人看到</div></div><ul>{OTHERS}</ul></div>'
    ),
    "a time that is split over many elements": (
        '<div class="header"><div class="header-time left"><span class="year"><em>2026</em></span>'
        '<span class="day"><em>09</em>/<em>30</em></span><span class="time">13:10:00</span></div>'
        f'<div class="source">来源：新华网</div><div class="head-line"><h1><span class="title">{TITLE}'
        f'</span></h1></div></div><div id="detail"><span id="detailContent">{TEXT}</span>'
        '<div class="zan-wap"></div><div id="articleEdit"><span class="tiyi1"><a>【纠错】</a></span>'
        '<span class="editor">【责任编辑:王五】</span></div></div>'
        f'<div class="columBox relatedNews"><div class="tit">阅读下一篇：</div><ul>{OTHERS}</ul></div>'
    ),
    "a body of a widespread editor of content systems": (
        f'<div class="crumbs">{MENU}</div><div class="article"><h1 id="articleTitle">{TITLE}</h1>'
        '<div class="laiyuan"><span id="articleTime">2026年09月30日 13:10</span><span>来源：中国经济网'
        '</span></div><div id="articleText" class="content"><div class="TRS_Editor"><style>.TRS_Editor'
        f' P{{line-height:2}}</style>{TEXT}</div></div><p align="right">(责任编辑：赵六)</p></div>'
        f'<div class="clause">中国经济网声明：股市资讯来自合作媒体。</div><ul class="list">{OTHERS}</ul>'
    ),
    "a statement of the platform behind the body": (
        f'<h1 class="post_title">{TITLE}</h1><div class="post_info">2026-09-30 13:10:00　来源: '
        f'<a href="/">证券时报</a><a class="post_jubao">举报</a></div><div class="post_body">{TEXT}'
        '</div><div class="post_statement">特别声明：以上内容(如有图片或视频亦包括在内)为自媒体平台“号”'
        '用户上传并发布，本平台仅提供信息存储服务。</div><div class="post_recommend">'
        f'<ul>{OTHERS}</ul></div><div class="post_comment"><p>网友：说得对，支持国货。</p></div>'
    ),
    "a line that leads back, inside the body": (
        f'<div class="text-title"><h1>{TITLE}<span class="article-tag"></span></h1><div><span '
        'class="time" id="news-time">2026-09-30 13:10</span><span>来源:每日经济新闻</span></div></div>'
        f'<article class="article" id="mp-editor"><p class="ql-align-justify"></p>{TEXT}<p '
        'data-role="editor-name">责任编辑：</p><a class="backword">返回搜狐，查看更多</a></article>'
        '<div class="statement">平台声明：该文观点仅代表作者本人，系信息发布平台。</div>'
    ),
    "lines that a br parts, without paragraphs": (
        f'<table><tr><td>{MENU}</td></tr></table><table><tr><td class="title"><b>{TITLE}</b></td></tr>'
        f'<tr><td>2026-09-30 13:10:00　作者：张三　来源：上海证券报</td></tr><tr><td id="zoom">'
        f"{'<br><br>'.join('　　' + line for line in LINES)}</td></tr></table><ul>{OTHERS}</ul>"
    ),
    "a disclaimer in brackets and a credit at the end": (
        f'<div class="art_cont"><h1>{TITLE}</h1><div class="tip"><span class="pr20">2026-09-30 13:10:00'
        f'</span><a>证券之星</a></div><div class="art_contextBox">{TEXT}<p>（来源：证券之星）</p>'
        '<p style="text-align:right">（责任编辑：张三 HN009）</p><p>【免责声明】本文仅代表第三方观点，不代表'
        "立场。投资者据此操作，风险请自担。</p></div></div>"
    ),
    "cards and a list of other articles that nothing names": (
        f'<h1>{TITLE}</h1><div class="z1"><span>2026-09-30 13:10</span></div><div class="z2">{TEXT}<ul>{OTHERS}'
        f'</ul></div><div class="z3">{RECOMMENDED}</div>'
    ),
    "an article in a script, which draws the page": (
        '<div id="app"></div><script type="application/ld+json">{"@type":"NewsArticle","datePublished":'
        f'"2026-09-30T13:10:00+08:00","articleBody":{json.dumps(chr(10).join(LINES))}}}</script>'
    ),
    "traditional characters": (
        f"<h1>{TITLE}</h1><div><span>發佈時間：2026/09/30 13:10</span><span>最後更新：2026/10/01 08:00</span></div>"
        f'<div class="c">{TEXT}<p>（責任編輯：陳大文）</p><p>免責聲明：本文僅供參考。</p><p>相關新聞</p><ul>{OTHERS}</ul></div>'
    ),
    "a day in front of the article, and the times of comments": (
        '<script type="application/ld+json">{"datePublished":"2026-09-30T05:10:00Z"}</script>'
        f'<h1>{TITLE}</h1><time>2026年9月30日</time><div class="c"><p>{LINES[0]}</p>{"".join(f"<p>{line}</p>" for line in LINES[1:])}</div>'
        '<ol class="cmt"><li>股友<p>明天大盘要涨，坚定看多</p>2026-09-30 18:00</li></ol>'
    ),
    "a time without its year": (
        f'<script>var page = {{"publish_time":"2026-09-30 00:00"}}</script><h1>{TITLE}</h1><div class="i"><span>来源：'
        f'上海证券报</span><span>09-30 13:10</span></div><div class="c">{TEXT}</div><h3>相关稿件</h3><ul>{OTHERS}</ul>'
    ),
    "a name of the site in front of the title": (
        f'<title>某某网 | {TITLE}</title><h2>{TITLE}</h2><p>2026-09-30 13:10</p><div class="c">{TEXT}</div>'
    ),
    "a rendering with hashed class names": (
        f'<div class="index_wrapper__a1"><div class="index_left__b2"><h1 class="index_title__c3">{TITLE}'
        '</h1><div class="index_info__d4"><div>澎湃新闻记者 张三</div><div><span>2026-09-30 13:10</span>'
        f'<span>来源：澎湃新闻</span></div></div><div class="index_content__e5">{TEXT}</div><div '
        'class="index_editor__f6">责任编辑：李四</div><div>校对：王五</div><div>澎湃新闻报料：021-962866'
        f'</div></div><div class="index_rightwrap__g7"><ul>{OTHERS}</ul></div></div>'
    ),
}


def test_an_article_of_one_sentence_among_longer_digests() -> None:
    shape = SHAPES["loose text and recommended articles with their digests"]
    html = shape.replace("<br>".join(LINES), LINES[0])
    page = f"<html><head><title>{TITLE}_某某网</title></head><body>{html}</body></html>"
    article = extract(Answer("https://www.example.cn/2026/0930/c1.html", page.encode()))
    assert (article.title, article.body.text) == (TITLE, LINES[0])
    assert (article.media, article.author) == ("证券时报网", "张三")


@pytest.mark.parametrize("item", ["<p><a href={u}>{t}</a></p><p>{d}</p>", "<a href={u}>{t}</a>{d}"])
def test_an_article_that_is_a_list_of_news_keeps_it(item: str) -> None:
    news = [("央行今日开展三千亿元逆回购操作", line[-36:]) for line in LINES]
    items = "".join(
        f"<div>{item.format(u=f'/{n}.html', t=title, d=line)}</div>"
        for n, (title, line) in enumerate(news)
    )
    page = (
        f"<html><body><h1>{TITLE}</h1><div>2026-09-30 13:10</div><div>{items}</div></body></html>"
    )
    article = extract(Answer("https://www.example.cn/2026/0930/c1.html", page.encode()))
    assert all(title in article.body.text and line in article.body.text for title, line in news)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_page_of_this_shape(shape: str) -> None:
    head = f'<meta charset="utf-8"><title>{TITLE}_财经_某某网</title>'
    foot = (
        '<div class="footer"><p>关于我们 | 联系我们</p><p>版权所有 某某网 京ICP证000000号</p></div>'
    )
    html = f"<html><head>{head}</head><body>{SHAPES[shape]}{foot}</body></html>"

    article = extract(Answer("https://www.example.cn/2026/0930/c1.html", html.encode()))

    assert article.title == TITLE
    assert str(article.published) == "2026-09-30T13:10:00+08:00"
    assert article.body.text.split("\n") == LINES

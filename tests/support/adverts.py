"""Adverts and charts as sources write them."""

from hypothesis import strategies as st

#: Adverts for every rule, with a number that changes from request to request.
ADVERTS = (
    '<p>\u3000\u3000<a class="toplink" target="_blank" href="https://ai.eastmoney.com/x?c={n}">'
    "全新妙想投研助理，立即体验</a></p>",
    '<div class="ad_context3"><script>ads({n})</script><p>广告{n}</p></div>',
    '<p style="text-align:center;"><a href="https://acttg.eastmoney.com/pub/x_{n}"><img'
    ' src="https://np-newspic.dfcfw.com/download/D{n}_w690h389.jpg" class="em_handle_adv_close"'
    " /></a></p>",
    '<p><a href="https://acttg.eastmoney.com/pub/x_{n}">领取{n}份福利</a></p>',
    "<p>在东方财富看资讯行情，选东方财富证券一站式开户交易>></p>",
    '<p>\u3000\u3000<a href="https://a.b/{n}">想炒股，先开户！选<span id="stock_0.300059">东方财富'
    "</span>证券，行情交易一个APP搞定>></a></p>",
    "<p><strong>炒股第一步，先开个股票账户</strong></p>",
    "<p>主力资金加仓名单实时更新</p>",
    "<p>主力资金加仓名单实时更新，APP内免费看>></p>",
    "<p>想炒股，先开户！</p>",
    "<p>打开微信，点击底部的“发现”，使用“扫一扫”即可将网页分享至朋友圈。</p>",
    '<p class="res-edit">（责任编辑：DF{n}）</p>',
    "<p>（责任编辑：DF{n}）</p>",
    "<p>原标题：示例控股回购{n}股</p>",
    "<p>（原标题：示例控股回购{n}股）</p>",
)

CHART = (
    '<p style="text-align:center;"><a data-code="000338|0|2" class="EmImageRemark"><img'
    ' src="https://webquotepic.eastmoney.com/GetPic.aspx?nid=0.000338&imageType=k&token={n}"></a></p>'
)

adverts = st.builds(
    lambda advert, number: advert.replace("{n}", str(number)),
    st.sampled_from(ADVERTS),
    st.integers(1, 10**6),
)

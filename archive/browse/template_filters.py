"""Format times, numbers and words of the catalog for the templates."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from archive.article import SHANGHAI

_WEEKDAYS = "一二三四五六日"
_WORDS = {
    "share_api": "分享接口",
    "article_page": "东方财富网页",
    "article_api": "东方财富接口",
    "mirror": "镜像页面",
    "summary": "滚动快讯摘要",
    "extraction": "自动提取",
    "list": "列表",
    "page": "网页",
    "field": "来源标注",
    "code": "文中的代码",
    "name": "文中的名称",
    "share": "股票",
    "sector": "板块",
    "fund": "基金",
    "bond": "债券",
    "index": "指数",
    "month": "月份",
    "media": "媒体",
    "security": "证券",
    "source": "正文来源",
    "body_source": "正文来源",
    "title": "标题",
    "figures": "数字",
    "securities": "提到的证券",
    "retraction": "撤稿或更正声明",
    "wording": "措辞",
    "addition": "增补",
    "published": "发布时间",
    "markup": "排版",
    "first_seen": "首次存档",
    "edited": "来源改过",
    "corrected_in_list": "来源改了列表",
    "better_copy": "换了更好的正文来源",
    "read_anew": "重新解析",
    "imported": "从文件导入",
    "unknown": "缘由不明",
    "gone": "下线",
    "returned": "重新上线",
    "day": "日期",
    "since": "起始时间",
    "until": "截止时间",
    "q": "搜索",
}
_MARKETS: Mapping[int, str] = {
    0: "深圳、北京",
    1: "上海",
    90: "东方财富板块",
    105: "美国",
    106: "美国",
    107: "美国",
    116: "香港",
}


def word(name: str | None) -> str:
    """Return the Chinese word for a word of the catalog, such as ``share_api``."""
    return _WORDS.get(name or "", name or "不明")


def market(number: int) -> str:
    """Return the Chinese name of a market."""
    return _MARKETS.get(number, f"市场 {number}")


def moment(time: str | None) -> str:
    """Format an ISO 8601 time as in Shanghai: ``2021年12月29日 17:34``."""
    shanghai = _shanghai(time)
    return f"{_date(shanghai)} {shanghai:%H:%M}" if shanghai else time or ""


def words(text: str, edit_class: str) -> str:
    """Format the words of an edit; those of ``published`` are times."""
    return moment(text) if edit_class == "published" else text


def clock(time: str, precision: str = "second") -> str:
    """Format the clock time of an ISO 8601 time: ``17:34``; of a day, nothing."""
    return "" if precision == "day" else time[11:16]


def published(time: str, precision: str) -> str:
    """Format a time of publication as far as its source states it: ``2021年12月29日 17:34``."""
    shown = moment(time)
    if precision == "day":
        return shown.partition(" ")[0]
    return f"{shown} 抓取，来源未注明时间" if precision == "fetched" else shown


def day(text: str) -> str:
    """Format the date of an ISO 8601 date or time: ``2021年12月29日 星期三``."""
    try:
        of = date.fromisoformat(text[:10])
    except ValueError:
        return text
    return f"{_date(of)} 星期{_WEEKDAYS[of.weekday()]}"


def month(text: str) -> str:
    """Format the month of ``2021-12`` or of a date: ``2021年12月``."""
    year, _, number = text[:7].partition("-")
    return f"{year}年{int(number)}月" if year.isdecimal() and number.isdecimal() else text


def number(value: int) -> str:
    """Format a number with a comma between thousands."""
    return f"{value:,}"


def is_web_address(text: str) -> bool:
    """Return whether a text may become a link: a ``javascript:`` address may not."""
    return text.lower().startswith(("http://", "https://"))


def ago(span: timedelta) -> str:
    """Format a duration in its largest unit: ``3 小时``."""
    minutes = int(span.total_seconds()) // 60
    for unit, length in (("天", 1440), ("小时", 60)):
        if minutes >= length:
            return f"{minutes // length} {unit}"
    return f"{max(minutes, 0)} 分钟"


def _date(of: date) -> str:
    return f"{of.year}年{of.month}月{of.day}日"


def _shanghai(time: str | None) -> datetime | None:
    try:
        parsed = datetime.fromisoformat(time or "")
        return parsed.astimezone(SHANGHAI) if parsed.tzinfo else None
    except (ValueError, OverflowError):
        return None

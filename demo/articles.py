"""Generate the made-up articles: the facts of each, and its answers from the share API."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from random import Random
from zoneinfo import ZoneInfo

from xpinyin import Pinyin

from demo.body import Body, api_html, made_up_body, media_body
from demo.text import Prose

SHANGHAI = ZoneInfo("Asia/Shanghai")

#: The share hosts, in the order in which a crawl should try them.
SHARE_HOSTS = ("finews.zning.xyz", "choicewzp1.eastmoney.com", "app.jg.eastmoney.com")

ROLLING_SLUG = "emnews"
ROLLING_TAG = "东财滚动新闻"

# Names whose slugs show every form the site has had: polyphones that xpinyin gets wrong, Latin
# letters (which keep their case), brackets, and spaces (which are two names to Jekyll).
_MEDIA = (
    "云帆财经",
    "重山日报",
    "厦湾晚报",
    "北斗潮证券报",
    "海石网",
    "灯塔财讯",
    "长桥基金报",
    "蓝礁财经",
    "麦田商报",
    "远岸观察网",
    "Vane",
    "Gale资讯",
    "海门国际证券(香江)",
)
_SPACED_MEDIA = ("33世纪观察报 33财讯APP", "Orbit In湾投PEVC")

_HTML_TITLE = "{0}<b>调整</b>&amp;{1}"
_SPECIAL_TITLES = (
    '他说"{0}"已{1}',
    "C:\\{0}\\{1}路径",
    _HTML_TITLE,
    "“{0}”的“数字”密码：{1}",
    "{0}：{1} #3 期权",
    "#{0} 早知道",
    "- {0}与{1}",
    "…{0}？！",
    "🚀{0}再创新高📈",
    "'{0}'与{1}",
    '"{0}"',
    "{0}路径\\",
    "@{0}: {1}*",
    "%{0}% | {1}",
    "{0} & {1}",
    "{{{{ {0} }}}}：{{% {1} %}}",
    "？{0}、",
)

#: Titles in place of the special ones, where a person reads them.
_PLAIN_TITLES = ("{0}受到关注", "{0}有望回升", "{0}一周观察")

_BROKEN_TITLE = '"{0}"回应"{1}"传闻'

#: Number of digits after the date in a code: mostly 10, but codes of 17 and 20 digits exist.
_DIGITS = (10, 10, 10, 10, 9, 12)

_WHOLE = ("infoCode", "title", "showtime", "from")
_WITHOUT_TITLE = ("infoCode", "showtime", "from")
#: Sets of fields that answers of the share API have besides the body.
_FIELDS = (
    _WHOLE,
    _WITHOUT_TITLE,
    ("infoCode", "title", "from"),
    ("infoCode", "title", "datetime", "from"),
    ("infoCode", "title", "showtime", "medianame"),
    ("title", "showtime", "from"),
    (),
)

# Which articles have a quirk of their own, by number; the broken ones count from the end. Apart
# from rolling news, which take part in everything, none meets another or a special title (those
# are 1, 4, 7 ... 49).
_ROLLING_EVERY = 5
# Two of three pieces of rolling news are in their media's category as well, as on the real site.
_ONCE_EVERY = 15
# Most answers of the share API have both bodies; those of an article with two posts always do.
_ONE_BODY_EVERY = 7
_BROKEN = (3, 6, 9)
_BARE_OPENING = 8
_LIQUID_BODY = 14
# No more than five posts for a medium with a space: the home page shows five, the category page
# is empty, so that nobody could find a sixth.
_SPACED = dict.fromkeys((11, 17, 29, 41), _SPACED_MEDIA[0]) | dict.fromkeys(
    (12, 18, 32), _SPACED_MEDIA[1]
)
_SHARE_HOSTS_OF: dict[int, tuple[str, ...]] = dict.fromkeys((24, 36, 42), SHARE_HOSTS[1:2])
_UNSHARED = (21, 30, 33)
_SHARE_HOSTS_OF |= dict.fromkeys(_UNSHARED, ())

#: Number of articles that every quirk needs.
MIN_ARTICLES = 60


@dataclass(frozen=True, slots=True)
class Article:
    """The facts of a made-up article."""

    info_code: str
    title: str
    published: datetime
    #: The media, as in the answer of the share API; rolling news have one too.
    media: str
    slug: str
    tag: str
    body: Body
    #: The answer of the share API, JSON.
    answer: bytes
    #: The share hosts that have the article.
    share_hosts: tuple[str, ...] = SHARE_HOSTS
    digest: str = ""
    #: Whether rolling news is also in the category of its media.
    published_twice: bool = False
    #: Whether the front matter is broken at the source, so that the mirror lacks the facts.
    broken: bool = False

    @property
    def is_rolling(self) -> bool:
        """Whether the article is rolling news, which the site treats differently."""
        return self.slug == ROLLING_SLUG

    @property
    def media_post(self) -> "Article":
        """The same article as a post in the category of its media."""
        return replace(
            self,
            slug=slug_of(self.media),
            tag=f"{self.media}新闻",
            digest="",
            body=media_body(self.body),
        )

    @property
    def api_body(self) -> str:
        """The body as the share API sends it."""
        return api_html(self.body)

    @property
    def name(self) -> str:
        """The last part of the article's address on the mirror, without `.html`."""
        return self.info_code.removeprefix("NW") if self.is_rolling else self.info_code

    @property
    def file_name(self) -> str:
        """The name of the article's post file."""
        return f"{self.published:%Y-%m-%d}-{self.name}.md"

    @property
    def link(self) -> str:
        """The link to the article's source at the end of its post."""
        if self.is_rolling:
            return f"http://finance.eastmoney.com/news/1355,{self.name}.html"
        return f"http://{SHARE_HOSTS[0]}/html_News/NewsShare.html?infoCode={self.info_code}"

    @property
    def category_link(self) -> str:
        """The address of the 返回 link; on the site that of rolling news is a 404."""
        path = f"{self.slug}/" if self.is_rolling else f"category/{self.slug}.html"
        return f"//finews.withounder.com/{path}"


def made_up_articles(
    count: int, random: Random, built: datetime, *, odd: bool = True
) -> Iterator[Article]:
    """Generate `count` articles of the days before `built`, oldest first.

    :param odd: some titles and texts resemble markup, a template or a mistake.
    :raises ValueError: when `count` is less than `MIN_ARTICLES`.
    """
    if count < MIN_ARTICLES:
        raise ValueError(f"the made-up site needs {MIN_ARTICLES} articles or more, not {count}")
    step = timedelta(hours=60) / count
    for number in range(count):
        age = step * (count - number) - timedelta(seconds=random.randrange(60))
        published = (built - age).astimezone(SHANGHAI).replace(microsecond=0)
        broken = count - number in _BROKEN
        yield _made_up_article(number, random, published, broken=broken, odd=odd)


@cache
def slug_of(media: str) -> str:
    """Return the category slug that the site gives a medium: xpinyin's reading without hyphens."""
    slug: str = Pinyin().get_pinyin(media)
    return slug.replace("-", "")


def _made_up_article(
    number: int, random: Random, published: datetime, *, broken: bool, odd: bool
) -> Article:
    prose = Prose(random)
    rolling = number % _ROLLING_EVERY == 0 and not broken
    twice = rolling and number % _ONCE_EVERY != 0 and number not in _UNSHARED
    media = _SPACED.get(number, _MEDIA[number % len(_MEDIA)])
    tag = ROLLING_TAG if rolling else f"{media}新闻"
    digest = prose.sentence() if rolling else ""
    title, fields = _title_and_fields(number, prose, broken=broken, odd=odd)
    code = _info_code(number, published)
    body = made_up_body(
        random,
        number,
        media,
        # A body need not begin with a tag, and a lone ideographic space stays in the post.
        opening="\u3000本报综合消息。" if number == _BARE_OPENING else "",
        liquid=odd and number == _LIQUID_BODY,
        rolling=rolling,
    )
    facts = {
        "infoCode": code,
        "title": title,
        "showtime": f"{published:%Y-%m-%d %H:%M:%S}",
        "datetime": f"{published:%Y-%m-%d %H:%M:%S}",
        "from": media,
        "medianame": media,
    }
    answer = {name: facts[name] for name in fields}
    one_body = number % _ONE_BODY_EVERY == 0 and not twice
    answer |= _bodies(body, rolling=rolling, one_body=one_body)
    return Article(
        info_code=code,
        title=title,
        published=published,
        media=media,
        slug=ROLLING_SLUG if rolling else slug_of(media),
        tag=tag,
        body=body,
        answer=json.dumps(answer, ensure_ascii=False).encode(),
        share_hosts=_SHARE_HOSTS_OF.get(number, SHARE_HOSTS),
        digest=digest,
        broken=broken,
        published_twice=twice,
    )


def _bodies(body: Body, *, rolling: bool, one_body: bool) -> dict[str, str]:
    """Return the two bodies in an answer of the share API: that of the post, and the other one."""
    own = {"content" if rolling else "text": api_html(body)}
    if one_body:
        return own
    other = api_html(media_body(body)) if rolling else api_html(body).replace("\r\n", "\n")
    return own | {"text" if rolling else "content": other}


def _title_and_fields(
    number: int, prose: Prose, *, broken: bool, odd: bool
) -> tuple[str, tuple[str, ...]]:
    """Return a title, and the fields that the share API's answer has besides the body."""
    if broken:
        return _BROKEN_TITLE.format(prose.topic(), prose.topic()), _WHOLE
    special, turn = divmod(number, 3)
    if turn != 1 or special >= len(_SPECIAL_TITLES):
        return prose.headline(), _FIELDS[number % len(_FIELDS)]
    if not odd:
        return _PLAIN_TITLES[special % len(_PLAIN_TITLES)].format(prose.two_topics()), _WHOLE
    pattern = _SPECIAL_TITLES[special]
    # Most of these titles cannot be read from the mirror's page alone, but valid HTML can.
    fields = _WITHOUT_TITLE if pattern is _HTML_TITLE else _WHOLE
    return pattern.format(prose.topic(), prose.topic()), fields


def _info_code(number: int, published: datetime) -> str:
    digits = _DIGITS[number % len(_DIGITS)]
    running = f"{published:%H%M}{number:0{digits - 4}}"
    return f"NW{published:%Y%m%d}{running}"

"""The made-up articles: what is true of each, and how the share API tells it."""

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

SHARE_HOSTS = ("finews.zning.xyz", "choicewzp1.eastmoney.com", "app.jg.eastmoney.com")
"""In the order in which they are best asked."""

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
    "灯塔新闻",
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

_BROKEN_TITLE = '"{0}"回应"{1}"传闻'

_DIGITS = (10, 10, 10, 10, 9, 12)
"""How many digits follow the date in a code: mostly 10, but codes of 17 and 20 have been seen."""

_WHOLE = ("infoCode", "title", "showtime", "from")
_WITHOUT_TITLE = ("infoCode", "showtime", "from")
_FIELDS = (
    _WHOLE,
    _WITHOUT_TITLE,
    ("infoCode", "title", "from"),
    ("infoCode", "title", "datetime", "from"),
    ("infoCode", "title", "showtime", "medianame"),
    ("title", "showtime", "from"),
    (),
)
"""The fields of the share API's answers besides the body: each may be there or not."""

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

FEWEST = 60
"""With fewer articles than this there is no room for every quirk."""


@dataclass(frozen=True, slots=True)
class Article:
    """The facts of a made-up article."""

    info_code: str
    title: str
    published: datetime
    media: str
    """Whose article it is, as the share API says; rolling news have theirs too."""
    slug: str
    tag: str
    body: Body
    answer: bytes
    """What the share API answers, JSON."""
    share_hosts: tuple[str, ...] = SHARE_HOSTS
    """The share hosts that know it."""
    digest: str = ""
    published_twice: bool = False
    """Whether rolling news is in the category of its media, too."""
    broken: bool = False
    """Whether its front matter was broken at the source, so that the mirror lost its facts."""

    @property
    def is_rolling(self) -> bool:
        """Whether it is rolling news, which the site treats differently."""
        return self.slug == ROLLING_SLUG

    @property
    def media_post(self) -> "Article":
        """The same article as the post in the category of its media."""
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
        """The last part of its address on the mirror, without `.html`."""
        return self.info_code.removeprefix("NW") if self.is_rolling else self.info_code

    @property
    def file_name(self) -> str:
        """The name of its post file."""
        return f"{self.published:%Y-%m-%d}-{self.name}.md"

    @property
    def link(self) -> str:
        """The link to its origin at the end of its post."""
        if self.is_rolling:
            return f"http://finance.eastmoney.com/news/1355,{self.name}.html"
        return f"http://{SHARE_HOSTS[0]}/html_News/NewsShare.html?infoCode={self.info_code}"

    @property
    def category_link(self) -> str:
        """Where its 返回 link leads. That of rolling news is a 404 on the site."""
        path = f"{self.slug}/" if self.is_rolling else f"category/{self.slug}.html"
        return f"//finews.withounder.com/{path}"


def made_up_articles(count: int, random: Random, built: datetime) -> Iterator[Article]:
    """`count` articles of the days before `built`, oldest first.

    Raises ValueError for fewer than have room for every quirk.
    """
    if count < FEWEST:
        raise ValueError(f"the made-up site needs {FEWEST} articles or more, not {count}")
    step = timedelta(hours=60) / count
    for number in range(count):
        age = step * (count - number) - timedelta(seconds=random.randrange(60))
        published = (built - age).astimezone(SHANGHAI).replace(microsecond=0)
        yield _made_up_article(number, random, published, broken=count - number in _BROKEN)


@cache
def slug_of(media: str) -> str:
    """The category slug that the site gives a medium: xpinyin's reading without hyphens."""
    slug: str = Pinyin().get_pinyin(media)
    return slug.replace("-", "")


def _made_up_article(number: int, random: Random, published: datetime, *, broken: bool) -> Article:
    prose = Prose(random)
    rolling = number % _ROLLING_EVERY == 0 and not broken
    twice = rolling and number % _ONCE_EVERY != 0 and number not in _UNSHARED
    media = _SPACED.get(number, _MEDIA[number % len(_MEDIA)])
    tag = ROLLING_TAG if rolling else f"{media}新闻"
    digest = prose.sentence() if rolling else ""
    title, fields = _title_and_fields(number, prose, broken=broken)
    code = _info_code(number, published)
    body = made_up_body(
        random,
        number,
        media,
        # A body need not begin with a tag, and a lone ideographic space stays in the post.
        opening="\u3000本报综合消息。" if number == _BARE_OPENING else "",
        liquid=number == _LIQUID_BODY,
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
    """Return the bodies in an answer of the share API: that of its post, and the other one."""
    own = {"content" if rolling else "text": api_html(body)}
    if one_body:
        return own
    other = api_html(media_body(body)) if rolling else api_html(body).replace("\r\n", "\n")
    return own | {"text" if rolling else "content": other}


def _title_and_fields(number: int, prose: Prose, *, broken: bool) -> tuple[str, tuple[str, ...]]:
    """A title, and the fields that the share API's answer has besides the body."""
    if broken:
        return _BROKEN_TITLE.format(prose.topic(), prose.topic()), _WHOLE
    special, turn = divmod(number, 3)
    if turn != 1 or special >= len(_SPECIAL_TITLES):
        return prose.headline(), _FIELDS[number % len(_FIELDS)]
    pattern = _SPECIAL_TITLES[special]
    # The mirror's page alone could not tell most of these titles, but it can tell valid HTML.
    fields = _WITHOUT_TITLE if pattern is _HTML_TITLE else _WHOLE
    return pattern.format(prose.topic(), prose.topic()), fields


def _info_code(number: int, published: datetime) -> str:
    digits = _DIGITS[number % len(_DIGITS)]
    running = f"{published:%H%M}{number:0{digits - 4}}"
    return f"NW{published:%Y%m%d}{running}"

"""The post file: Jekyll front matter and HTML, written to the byte and read tolerantly.

    ---
    layout: post
    title: "“3060”的“数字”密码"
    date: 2021-12-29 17:34:39 +0800
    categories: jingjiguanchawang
    tags: 经济观察网新闻
    ---
    > digest, then an empty line (rolling news only)
    body, HTML

    <the article's link>

    [返回<tag>](<the category's page>)｜[返回首页](//finews.withounder.com/)

A post of another source than Eastmoney has more fields, see `archive.content.source_fields`, and
its content is the body alone.

The encoding is UTF-8. Line ends are LF, but those of the body are the source's own; no line end
follows the last line. Written front matter is always valid YAML. Parsed posts may be invalid, as
hundreds of old posts are, or have an older or another form that Jekyll accepts.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Any, Self

import frontmatter
import yaml
from frontmatter.default_handlers import BaseHandler

from archive.article import SHANGHAI, Article, ArticleFlag, Precision
from archive.article_id import ArticleId, InfoCode
from archive.categories import ROLLING
from archive.content.source_fields import is_of_other_source, read_source_fields, source_fields
from archive.errors import InvalidArticle, InvalidInfoCode

_SITE = "//finews.withounder.com/"
# Characters that need an escape: YAML 1.1, section 4.1, and the line breaks of section 4.2, which
# a double-quoted scalar would fold.
_NOT_PRINTABLE_IN_YAML = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")

# Plain scalars that are strings for PyYAML, but symbols or numbers for Jekyll's parser Psych.
_RUBY_READS_MORE_IN_IT = re.compile(r":|[-+0-9.,:_eE ]+\Z")

_OPENING = r"(?:[ \t]*\r?\n)*---[ \t]*\r?\n"
_FENCED = re.compile(_OPENING + r"(.*?)(?<=\n)(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)(.*)", re.DOTALL)
# Front matter without an end, as in a file that was cut off.
_UNCLOSED = re.compile(_OPENING + r"((?:\w+:[^\n]*(?:\n|\Z))+)(.*)", re.DOTALL)

_LINE = re.compile(r"^(\w+):(.*)$", re.MULTILINE)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2} ?[+-]\d{4}", re.ASCII)
# The date formats that Jekyll accepts: ISO 8601 and similar ones.
_TIME = re.compile(
    r"""
    (\d{4}) [-/.年] (\d{1,2}) [-/.月] (\d{1,2}) 日?
    (?: (?: T | \s+ ) (\d{1,2}) : (\d{2}) (?: : (\d{2}) (?: [.,] \d+ )? )? (?: \s* ([AP]M) )? )?
    \s* ( Z | UTC | GMT | [+-]\d{2} (?: :? \d{2} )? )?
    """,
    re.VERBOSE | re.ASCII | re.IGNORECASE,
)

_DAY_IN_NAME = re.compile(r"(\d{4}-\d{2}-\d{2})-", re.ASCII)
_DIGEST = re.compile(r"> ([^\r\n]*)\r?\n\r?\n")
_LINK = re.compile(r"<([^<>\s]+)>")
_LINK_OR_NONE = re.compile(r"<([^<>\s]*)>")
_ADDRESS = re.compile(r"<((?:https?:)?//[^<>\s]+)>")
_BACK_LINKS = re.compile(r"\[返回([^\]]*)\]\(.*\)")
_BACK_LINK, _HOME_LINK = "[返回", ")｜[返回首页]("

# The problem of a file without front matter, which is no post.
NO_FRONT_MATTER = "it has no front matter"

# Fields that are lists for Jekyll, which splits a text into a list of words.
_LISTS = frozenset({"categories", "category", "tags", "tag"})
# Nothing, as YAML 1.1 writes it.
_NULLS = frozenset({"~", "null", "Null", "NULL"})
# Fields that stay lists, as JSON.
_JSON_LISTS = frozenset({"flags", "keywords"})

# Characters of front matter above which its levels are counted, and the most levels. libyaml takes
# minutes for 100,000 brackets, and PyYAML's recursive composer crashes the process.
_LONG, _DEEP = 2_000, 100


def post_path(article: Article) -> PurePosixPath:
    """Return the path of an article's post below ``_posts/``, see `place_of_post`."""
    day = article.published.astimezone(SHANGHAI).date()
    return place_of_post(article.info_code, day, article.category)


def place_of_post(info_code: ArticleId, day: date, category: str | None) -> PurePosixPath:
    """Return the path of a post below ``_posts/``, with year and month of publication as folders.

    The file name of Eastmoney's rolling news has the code without ``NW``, as at the site.

    :param day: of publication in Shanghai.
    :param category: slug of the category.
    """
    rolling = info_code.is_info_code and category == ROLLING.slug
    code = info_code.native if rolling else info_code
    return PurePosixPath(day.isoformat()[:4], f"{day:%m}", f"{day.isoformat()}-{code}.md")


def format_post(article: Article) -> bytes:
    """Return the post file of an article; of one of Eastmoney's, in the site's format.

    :raises InvalidArticle: when the article has no category or no tag.
    """
    if article.category is None or article.tag is None:
        raise InvalidArticle(f"{article.info_code} has no category")
    published = article.published.astimezone(SHANGHAI).replace(tzinfo=None)
    facts: dict[str, object] = {
        "layout": "post",
        "title": article.title,
        "date": f"{published.isoformat(' ', 'seconds')} +0800",
        "categories": article.category,
        "tags": article.tag,
    }
    if article.info_code.is_info_code:
        content = _site_content(article)
    else:
        content, facts = article.body, facts | source_fields(article)
    post = frontmatter.Post(content, handler=SiteHandler(), **facts)
    return frontmatter.dumps(post).encode()


def _site_content(article: Article) -> str:
    """Return the content of a post in the site's format: digest, body, and links."""
    rolling = article.category == ROLLING.slug
    page = f"{ROLLING.slug}/" if rolling else f"category/{article.category}.html"
    body = f"> {article.digest}\n\n{article.body}" if rolling and article.digest else article.body
    return f"{body}\n\n<{article.link}>\n\n[返回{article.tag}]({_SITE}{page})｜[返回首页]({_SITE})"


class SiteHandler(BaseHandler):
    """A handler of python-frontmatter for the site's exact format.

    The default handler does not reproduce the site's bytes: it sorts the keys and parses dates, and
    its caller strips the content.
    """

    FM_BOUNDARY = _FENCED

    def split(self, text: str) -> tuple[str, str]:
        """Split a file into front matter and content, both unchanged.

        :raises ValueError: when the text does not begin with front matter.
        """
        match = _FENCED.match(text)
        if match is None:
            raise ValueError("no front matter")
        return match[1], match[2]

    def load(self, fm: str) -> dict[str, Any]:
        """Return the fields of front matter as strings; a date stays as it is written.

        :raises yaml.YAMLError: when the front matter is not YAML.
        :raises ValueError: when the front matter is not a mapping, or is nested too deep.
        """
        if len(fm) > _LONG:
            _check_depth(fm)
        fields = yaml.compose(fm, Loader=yaml.CBaseLoader)
        if not isinstance(fields, yaml.MappingNode):
            raise ValueError("not a mapping")
        texts = ((name.value, _text_of(name.value, value)) for name, value in fields.value)
        return {name: text for name, text in texts if text is not None}

    def export(self, metadata: Mapping[str, object], **kwargs: object) -> str:
        """Return front matter with the fields in their order.

        The title is always quoted, other fields only where YAML requires it.
        """
        return "\n".join(f"{key}: {_written(key, value)}" for key, value in metadata.items())

    def format(self, post: frontmatter.Post, **kwargs: object) -> str:
        """Return the text of the post file."""
        return f"---\n{self.export(post.metadata)}\n---\n{post.content}"


def _written(key: str, value: object) -> str:
    """Return a field as YAML has it; of a list, in one line."""
    if isinstance(value, tuple):
        return f"[{', '.join(quoted(each) for each in value)}]"
    return quoted(str(value)) if key == "title" else _plain(str(value))


def _text_of(name: object, field: yaml.Node) -> str | None:
    """Return the text of a field; None where the field is null or no text."""
    if isinstance(field, yaml.ScalarNode):
        return None if not field.style and field.value in _NULLS else str(field.value)
    if name in _LISTS and isinstance(field, yaml.SequenceNode):
        return " ".join(each.value for each in field.value if isinstance(each, yaml.ScalarNode))
    if name in _JSON_LISTS and isinstance(field, yaml.SequenceNode):
        texts = [each.value for each in field.value if isinstance(each, yaml.ScalarNode)]
        return json.dumps(texts, ensure_ascii=False)
    return None


def _check_depth(front_matter: str) -> None:
    depth = 0
    for event in yaml.parse(front_matter, Loader=yaml.CBaseLoader):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEP:
            raise ValueError("nested too deep")


def quoted(text: str) -> str:
    """Return any text as a double-quoted scalar of YAML."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + _NOT_PRINTABLE_IN_YAML.sub(lambda m: f"\\u{ord(m[0]):04X}", escaped) + '"'


@lru_cache(maxsize=4096)
def _plain(text: str) -> str:
    """Return a text unquoted where YAML reads it as the same string or date, else quoted."""
    if _DATE.fullmatch(text):
        return text
    if len(text) > _LONG or _RUBY_READS_MORE_IN_IT.match(text):
        return quoted(text)
    try:
        stays = yaml.load(f"key: {text}", Loader=yaml.CSafeLoader) == {"key": text}
    except (yaml.YAMLError, ValueError):  # ValueError: a day that does not exist
        stays = False
    return text if stays else quoted(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """The content of a post file. A field is None where the file lacks it, or has it unreadable.

    :param day: the publication date, from the date field, the file name or the code.
    :param digest: the summary of rolling news.
    :param media: name of the media; None in posts of Eastmoney, whose tag or credit names it.
    :param problems: of the file, a phrase each; empty for a correct post.
    """

    info_code: ArticleId | None
    title: str | None
    published: datetime | None
    day: date | None
    category: str | None
    tag: str | None
    digest: str | None
    body: str
    link: str | None
    media: str | None = None
    author: str | None = None
    lang: str | None = None
    precision: Precision = Precision.SECOND
    extractor: str | None = None
    flags: tuple[ArticleFlag, ...] = ()
    keywords: tuple[str, ...] = ()
    modified: datetime | None = None
    problems: tuple[str, ...]


def parse_post(data: bytes, name: str) -> Post:
    """Read a post file. A broken file is read as far as possible and raises no error.

    :param data: bytes of the file.
    :param name: of the file; it contains the code, and the day where the front matter has none.
    """
    problems: list[str] = []
    text = _decode(data, problems)
    front_matter, content = _split(text, problems)
    fields = _load(front_matter, problems)
    written = fields.get("date", "")
    published = _published(written, problems)
    title = fields.get("title") or None
    if title is None:
        problems.append("it has no title")
    category = fields.get("categories") or fields.get("category") or None
    if fields and category is None:
        problems.append("it has no category")
    tag = fields.get("tags") or fields.get("tag") or None
    if is_of_other_source(fields):
        facts = read_source_fields(fields, name, problems) | {"body": content, "tag": tag}
    else:
        facts = _read_site_content(content, category, name, problems)
        facts["tag"] = tag or facts["tag"]
    return Post(
        title=title,
        published=published,
        day=_day(published, written, name, facts["info_code"]),
        category=category,
        problems=tuple(problems),
        **facts,
    )


def _read_site_content(
    content: str, category: str | None, name: str, problems: list[str]
) -> dict[str, Any]:
    """Return the facts in the content of a post in the site's format, by the names of `Post`."""
    ending = _Ending.of(content)
    if ending is None:
        problems.append("it does not end with the article's link")
    elif ending.link is None:
        problems.append("its link is empty")
    link = ending.link if ending else None
    opening = _DIGEST.match(content) if category == ROLLING.slug else None
    return {
        "info_code": _info_code(name, link, problems),
        "tag": (ending.tag if ending else None) or None,
        "digest": opening[1] if opening else None,
        "body": content[opening.end() if opening else 0 : ending.start if ending else None],
        "link": link,
    }


@dataclass(frozen=True, slots=True)
class _Ending:
    """The end of a post: the article's link, and the links to the category and the home page.

    :param start: index in the content where the ending begins, with the empty line before it.
    :param link: None where the post has an empty link.
    :param tag: in the link to the category; None without such a link.
    """

    start: int
    link: str | None
    tag: str | None

    @classmethod
    def of(cls, content: str) -> Self | None:
        """Find the ending of a content; None without one.

        The search starts from the end, because bodies may contain the same text.
        """
        return cls._in_present_form(content.rstrip()) or cls._in_old_form(content.rstrip())

    @classmethod
    def _in_present_form(cls, content: str) -> Self | None:
        before, _, last = content.rpartition("\n\n")
        body, gap, linked = before.rpartition("\n\n")
        link = _LINK.fullmatch(linked)
        tag, _, rest = last.removeprefix(_BACK_LINK).partition("](")
        sound = last.startswith(_BACK_LINK) and last.endswith(")") and "\n" not in last
        if not gap or link is None or not sound or _HOME_LINK not in rest:
            return None
        return cls(len(body), link[1], tag)

    @classmethod
    def _in_old_form(cls, content: str) -> Self | None:
        """Find an ending in a form of 2021: each back link in its own line, or no back links."""
        tag = None
        before, line = _last_line(content)
        back = _BACK_LINKS.fullmatch(line)
        form = _LINK_OR_NONE if back else _ADDRESS
        while back:
            tag = back[1]
            before, line = _last_line(before)
            back = _BACK_LINKS.fullmatch(line)
        link = form.fullmatch(line)
        return cls(len(before), link[1] or None, tag) if link else None


def _last_line(text: str) -> tuple[str, str]:
    """Split a text into the part before its last line, stripped at its end, and that line."""
    before, _, line = text.rpartition("\n")
    return before.rstrip(" \t\r\n"), line.strip()


def _split(text: str, problems: list[str]) -> tuple[str, str]:
    """Split a file into front matter and content; without front matter, all is content."""
    try:
        return SiteHandler().split(text)
    except ValueError:
        if unclosed := _UNCLOSED.match(text):
            problems.append("its front matter has no end")
            return unclosed[1], unclosed[2]
    problems.append(NO_FRONT_MATTER)
    return "", text


def _decode(data: bytes, problems: list[str]) -> str:
    for encoding in ("utf-8", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            problems.append(f"it is not {encoding}")
        else:
            break
    else:
        text = data.decode(errors="replace")
    if text.startswith("\ufeff"):
        problems.append("it begins with a byte order mark")
    return text.removeprefix("\ufeff")


def _load(front_matter: str, problems: list[str]) -> dict[str, str]:
    if not front_matter:
        return {}
    try:
        return SiteHandler().load(front_matter)
    except (yaml.YAMLError, ValueError, RecursionError):
        problems.append("its front matter is not YAML")
    fields = {}
    for key, value in _LINE.findall(front_matter):
        value = value.strip(" \t\r")
        quoted = len(value) > 1 and value[0] == value[-1] == '"'
        fields[key] = value[1:-1] if quoted else value
    return fields


def _published(text: str, problems: list[str]) -> datetime | None:
    match = _TIME.fullmatch(text.strip())
    if match is None:
        problems.append(f"its date cannot be read: {text!r}")
        return None
    if match[4] is None:
        problems.append(f"its date has no time: {text!r}")
        return None
    try:
        return _time_of(match).astimezone(SHANGHAI)
    except (ValueError, OverflowError):  # the date does not exist, or is out of datetime's range
        problems.append(f"its date cannot be read: {text!r}")
        return None


def _time_of(match: re.Match[str]) -> datetime:
    """Return the time of a date field, in Shanghai's time where the field has no zone.

    :raises ValueError: for a day or an hour that does not exist.
    :raises OverflowError: for a time out of datetime's range.
    """
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
    if match[7]:
        if not 1 <= hour <= 12:
            raise ValueError("no hour of half a day")
        hour = hour % 12 + (12 if match[7].upper() == "PM" else 0)
    midnight = timedelta(days=hour == 24 and minute == second == 0)
    written = datetime(year, month, day, 0 if midnight else hour, minute, second, tzinfo=SHANGHAI)
    zone = (match[8] or "").upper()
    if zone:
        utc = zone in {"Z", "UTC", "GMT"}
        written = written.replace(
            tzinfo=UTC if utc else datetime.strptime(zone.ljust(5, "0"), "%z").tzinfo
        )
    return written + midnight


def _info_code(name: str, link: str | None, problems: list[str]) -> InfoCode | None:
    codes = []
    for address in (name, link):
        try:
            codes.append(InfoCode.from_address(address or ""))
        except InvalidInfoCode:
            continue
    if not codes:
        problems.append("neither its name nor its link has an infoCode")
        return None
    if codes[0] != codes[-1]:
        problems.append(f"its name has the code {codes[0]}, its link {codes[-1]}")
    return codes[0]


def _day(
    published: datetime | None, written: str, name: str, info_code: ArticleId | None
) -> date | None:
    if published is not None:
        return published.date()
    match = _TIME.fullmatch(written.strip())
    if match and match[4] is None:
        try:
            return date(int(match[1]), int(match[2]), int(match[3]))
        except ValueError:
            pass  # a day that does not exist
    if match := _DAY_IN_NAME.match(name):
        try:
            return date.fromisoformat(match[1])
        except ValueError:
            pass  # a day that does not exist
    return info_code.day if isinstance(info_code, InfoCode) else None

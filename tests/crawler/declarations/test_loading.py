"""A wrong declaration is refused by a sentence with its file, the key, and what is allowed."""

from pathlib import Path

import pytest

from crawler.declarations.errors import InvalidDeclaration
from crawler.declarations.loading import load, load_all
from tests.crawler.declarations.recorded import SOURCES

GOOD = """
title = "财迅"
site = "https://www.caixun.example/"
hosts = ["api.caixun.example"]
family = "*.caixun.example"

[identity]
addresses = [{ pattern = '/news/(cx-\\d{4}-\\d{6})' }]

[lists.news]
address = "https://api.caixun.example/v1/news?page={page}"
format = "json"
entries = "items"
paging = { first = 1 }
seen = { on = 2026-11-29, first_hand = true }

[lists.news.fields]
id = "id"
title = "title"
published = "time"

[articles.page]
format = "html"
seen = { on = 2026-11-29, first_hand = true }

[articles.page.fields]
title = "h1"
body = "div.text"
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "caixun.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_every_shipped_declaration_is_right() -> None:
    declarations = load_all([SOURCES])
    assert len(declarations) >= 11
    assert all(name == one.name for name, one in declarations.items())


def test_a_folder_of_the_users_own_adds_and_replaces(tmp_path: Path) -> None:
    written(tmp_path, GOOD)
    own = load_all([SOURCES, tmp_path])
    assert own["caixun"].title == "财迅"
    assert len(own) == len(load_all([SOURCES])) + 1


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('title = "财迅"', "", "title is missing"),
        ('title = "财迅"', 'titel = "财迅"', "titel is not a key here; title is"),
        (
            'format = "json"',
            'format = "jsn"',
            "lists.news.format should be 'json', 'html', 'rss', ",
        ),
        ('format = "json"', "format = []", "lists.news.format should be 'json', 'html', 'rss', "),
        ('entries = "items"', 'entries = "items["', "lists.news should be JMESPath, and 'items['"),
        ('title = "h1"', 'title = "h1["', "articles.page should be CSS or XPath, and 'h1[' is not"),
        (
            'title = "title"',
            'titles = "title"',
            "lists.news.fields.titles is not a key here; title is",
        ),
        (
            "page={page}",
            "page={pages}",
            "lists.news.address may hold {cursor}, {now}, {page}, {size} ",
        ),
        ("first = 1", "frist = 1", "lists.news.paging.frist is not a key here; first is"),
        (
            "{ first = 1 }",
            "{}",
            "lists.news.paging should have either first, the number of a page, or",
        ),
        ("paging = { first = 1 }", "", "lists.news should have paging.first where its address has"),
        ("2026-11-29", '"gestern"', "lists.news.seen.on"),
        (
            '"*.caixun.example"',
            '"caixun.example"',
            "family should be *. and the end of the names of hosts",
        ),
        ('hosts = ["api.caixun.example"]', "hosts = []", "hosts should have one entry at least"),
        (
            '["api.caixun',
            '["ab.caixun',
            "should have the host of lists.news.address among its hosts",
        ),
        ("(cx-", "cx-", "identity.addresses.pattern should be a regular expression, and "),
        (
            "'/news/(cx-\\d{4}-\\d{6})'",
            "'/news/'",
            "identity.addresses should have a group in paren",
        ),
        ('body = "div.text"', "", "articles.page should have fields.body"),
        (
            'title = "title"',
            "title = { path = 'a', join = ['b'] }",
            "fields.title should have a path, or",
        ),
        ('title = "title"', "title = 5", "lists.news.fields.title should be a table, not 5"),
        (
            "family =",
            'zone = "Peking"\nfamily =',
            "zone should be a time zone such as Asia/Shanghai",
        ),
        (
            'format = "json"',
            'format = "json"\nsign = "x"',
            "lists.news.sign should be cls, not 'x'",
        ),
        ("[lists.news]", "[lists.news", "is not TOML"),
        (
            "entries =",
            "whole = true\nentries =",
            "lists.news should have fields.body where it is whole",
        ),
        ("[articles.page]\n", "[extra]\n", "extra is not a key here"),
        ('id = "id"', "", "it should have lists.news.fields.id or .address"),
        ("entries =", "whole = true\nentries =", "lists.news should have fields.body where it is"),
    ],
)
def test_a_wrong_declaration(tmp_path: Path, old: str, new: str, sentence: str) -> None:
    load(written(tmp_path, GOOD))
    assert old in GOOD

    path = written(tmp_path, GOOD.replace(old, new))
    with pytest.raises(InvalidDeclaration) as refused:
        load(path)

    assert sentence in str(refused.value)
    assert str(refused.value).startswith(str(path))
    assert str(refused.value).endswith(".")
    assert "\n" not in str(refused.value)


def test_what_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidDeclaration, match=r"cannot be read \(No such file"):
        load(tmp_path / "caixun.toml")
    (tmp_path / "caixun.toml").write_bytes("title = '财'".encode("gbk"))
    with pytest.raises(InvalidDeclaration, match="is not in UTF-8"):
        load(tmp_path / "caixun.toml")


@pytest.mark.parametrize("name", ["Cai", "cai-xun", "1"])
def test_a_file_has_the_name_of_a_source(tmp_path: Path, name: str) -> None:
    path = tmp_path / f"{name}.toml"
    path.write_text(GOOD, encoding="utf-8")
    with pytest.raises(InvalidDeclaration, match="name should be a name of small letters"):
        load(path)


def test_a_fallback_has_to_be_a_source(tmp_path: Path) -> None:
    written(tmp_path, f'fallback = ["clss"]\n{GOOD}')
    with pytest.raises(InvalidDeclaration, match="fallback names 'clss', and no source"):
        load_all([tmp_path])

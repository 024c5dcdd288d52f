"""Spider arguments: right ones are understood, wrong ones refused in one sentence."""

from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from archive.article import SHANGHAI
from archive.validation import in_one_sentence
from crawler.arguments import EastmoneyArguments, FinewsArguments

CODE = "NW202112292230175548"


def test_right_arguments(tmp_path: Path) -> None:
    arguments = FinewsArguments.model_validate(
        {
            "site": "http://127.0.0.1:8000/",
            "category": "emnews, 21shijijingjibaodao 21caijingAPP,emnews",
            "since": "2022-05-20",
        }
    )
    assert arguments.site == "http://127.0.0.1:8000/"
    assert arguments.category == ("emnews", "21shijijingjibaodao 21caijingAPP")
    assert arguments.since == date(2022, 5, 20)
    links = tmp_path / "links.txt"
    links.write_text(f"\ufeff{CODE}\r\n\r\n#no\r\n {CODE} \r\n", encoding="utf-8")
    for share in (CODE, str(links)):
        assert FinewsArguments.model_validate({"share": share}).share == (CODE,)


IN_A_WEEK = (datetime.now(SHANGHAI) + timedelta(days=7)).date().isoformat()


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("site", "finews.withounder.com", "site should be an address such as https://"),
        ("site", "ftp://finews.withounder.com/", "site should be an address"),
        ("site", "http://[", "site should be an address"),
        ("site", "http://h:99999/", "site should be an address"),
        ("site", "http://h/?page=2", "site should be the address of a site, without ?"),
        ("site", "http://h/index.html", "without ?, # and the name of a page"),
        ("category", "", "category should be category slugs such as"),
        ("category", "a,,b", "'' is not one"),
        ("category", "../../etc", "'../../etc' is not one"),
        ("share", "http://x/", "share should be a share link or a file of them"),
        ("share", "/no/such/file", "'/no/such/file' is neither"),
        ("share", ".", "'.' is neither"),
        ("since", "yesterday", "since should be a date such as 2026-11-20."),
        ("since", "2022-02-30", "since should be a date such as"),
        ("since", IN_A_WEEK, "since should not be in the future"),
        ("sinze", "2022-05-20", "sinze is not known here"),
    ],
)
def test_a_wrong_argument_is_one_sentence_that_names_it(
    name: str, value: str, complaint: str
) -> None:
    with pytest.raises(ValidationError) as refusal:
        FinewsArguments.model_validate({name: value})
    sentence = in_one_sentence(refusal.value)
    assert complaint in sentence
    assert "\n" not in sentence


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"# nothing\n\n", "has no link"),
        (f"{CODE}\nhttp://x/\n".encode(), "in line 2 'http://x/' names no article"),
        ("标题".encode("gb18030"), "cannot be read"),
    ],
)
def test_a_wrong_file_of_share_links_is_told_by_name(
    tmp_path: Path, content: bytes, complaint: str
) -> None:
    links = tmp_path / "links.txt"
    links.write_bytes(content)
    with pytest.raises(ValidationError) as refusal:
        FinewsArguments.model_validate({"share": str(links)})
    assert complaint in in_one_sentence(refusal.value)
    assert str(links) in in_one_sentence(refusal.value)


@pytest.mark.parametrize("other", ["site", "category", "since"])
def test_share_goes_alone(other: str) -> None:
    value = {"site": "http://x/", "category": "x", "since": "2022-05-20"}[other]
    with pytest.raises(ValidationError, match="share selects single articles"):
        FinewsArguments.model_validate({"share": CODE, other: value})


@pytest.mark.parametrize(
    ("text", "security"),
    [
        ("1.600519", "1.600519"),
        ("600519.SH", "1.600519"),
        ("sh600519", "1.600519"),
        ("SH.600519", "1.600519"),
        ("000001.sz", "0.000001"),
        ("bj430047", "0.430047"),
        ("00700.HK", "116.00700"),
        ("hk00700", "116.00700"),
        ("105.nvda", "105.NVDA"),
        (" 90.BK0428 ", "90.BK0428"),
    ],
)
def test_a_security_is_taken_in_every_form_that_is_plain(text: str, security: str) -> None:
    assert EastmoneyArguments(security=text).security == security


@pytest.mark.parametrize("text", ["600519", "茅台", "1.600519&x=1", "700.HK", "", "1.", "sh60051"])
def test_what_could_be_several_securities_is_none(text: str) -> None:
    with pytest.raises(ValidationError, match="should be a market and a symbol"):
        EastmoneyArguments(security=text)


def test_a_security_goes_without_columns() -> None:
    with pytest.raises(ValidationError, match="excludes column"):
        EastmoneyArguments(security="1.600519", column="345")

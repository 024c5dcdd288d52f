"""Securities in plain text, measured on sentences with their truth."""

from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.content.lexicon import InvalidLexicon, Lexicon, NamedSecurity, read_lexicon
from archive.content.mentions import mentions_in_text, securities_in_text
from archive.content.securities import Security
from archive.content.text_mention import FoundBy

LABELLED = Path(__file__).parent / "labelled"
LEXICON = Lexicon(read_lexicon(LABELLED / "lexicon.csv"))
SENTENCES = [
    line.split("\t") for line in (LABELLED / "sentences.tsv").read_text("utf-8").splitlines()
]


def codes(text: str, lexicon: Lexicon | None = LEXICON) -> set[str]:
    return {
        f"{'?' if one.market is None else one.market}.{one.symbol}"
        for one in mentions_in_text(text, lexicon)
    }


def test_precision_and_recall() -> None:
    right = wrong = missed = 0
    for text, labels in SENTENCES:
        found, truth = codes(text), set(labels.split())
        right += len(found & truth)
        wrong += len(found - truth)
        missed += len(truth - found)

    assert len(SENTENCES) >= 500
    assert right / (right + wrong) >= 0.98
    assert right / (right + missed) >= 0.9


def test_codes_need_no_lexicon() -> None:
    right = wrong = 0
    for text, labels in SENTENCES:
        symbols = {code.partition(".")[2] for code in codes(text, None)}
        truth = {code.partition(".")[2] for code in labels.split()}
        right += len(symbols & truth)
        wrong += len(symbols - truth)

    assert right > 200
    assert right / (right + wrong) >= 0.98


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("贵州茅台（600519.SH）", {"1.600519"}),
        ("宁德时代（300750）", {"0.300750"}),
        ("腾讯00700.HK", {"116.00700"}),
        ("买入$AAPL", {"?.AAPL"}),
        ("（600519.SH，603288.SH）", {"1.600519", "1.603288"}),
        ("培育壮大智慧产品", set()),
        ("新城镇", set()),
        ("2026年，价格涨至300750元", set()),
        ("统计时间（202609）", set()),
        ("市民热线（12345）", set()),
        ("卖出$BTC", set()),
        ("国内生产总值（GDP）", set()),
        ("某控股（港交所：700）", {"116.00700"}),
        ("港交所：00700公布业绩", {"116.00700"}),
        ("港交所：24日起推出5只新股期权", set()),
        ("港交所：2024年IPO数量居首", set()),
        ("港交所：1.5%的印花税", set()),
    ],
)
def test_what_a_text_names(text: str, found: set[str]) -> None:
    assert codes(text, None) == found


def test_each_mention_has_how_it_was_found() -> None:
    text = "贵州茅台(600519)涨停，五粮液跟涨，SZ300750、$AAPL走强，证券代码：601318。"
    assert [(one.symbol, one.found_by) for one in mentions_in_text(text, LEXICON)] == [
        ("600519", FoundBy.NAME),
        ("600519", FoundBy.CODE_IN_BRACKETS),
        ("000858", FoundBy.NAME),
        ("300750", FoundBy.CODE_WITH_EXCHANGE),
        ("AAPL", FoundBy.TICKER),
        ("601318", FoundBy.CODE_WITH_LABEL),
    ]
    codes_of = [one.code for one in securities_in_text(f"{text}五粮液(000858)。600519.SH。")]
    assert codes_of == ["1.600519", "0.300750", "1.601318", "0.000858"]


def test_a_name_counts_in_the_time_in_which_a_security_had_it() -> None:
    lexicon = Lexicon(
        [
            NamedSecurity("三六零", 1, "601360", since=date(2018, 2, 28)),
            NamedSecurity("江南嘉捷", 1, "601313", until=date(2018, 2, 27)),
            NamedSecurity("江南嘉捷", 1, "601360", since=date(2030, 1, 1)),
        ]
    )
    assert lexicon.named("江南嘉捷", date(2017, 1, 1)) == Security(1, "601313", "江南嘉捷")
    assert lexicon.named("江南嘉捷", date(2020, 1, 1)) is None
    assert lexicon.named("江南嘉捷") is None


def test_names_are_learnt_from_mark_up() -> None:
    moutai, other = Security(1, "600519", "贵州茅台"), Security(1, "600520", "贵州茅台")
    sector = Security(90, "BK0493", "证券")
    lexicon = Lexicon.learnt(
        [(moutai, date(2021, 12, 29)), (sector, date(2021, 12, 29)), (moutai, date(2026, 1, 1))]
    )
    assert [one.name for one in lexicon] == ["贵州茅台"]
    assert lexicon.named("贵州茅台", date(2010, 1, 1)) == moutai
    twice = Lexicon.learnt([(moutai, date(2021, 12, 29)), (other, date(2026, 1, 1))])
    assert twice.named("贵州茅台", date(2021, 12, 29)) == moutai
    assert twice.named("贵州茅台", date(2026, 1, 1)) == other


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("name\n贵州茅台\n", "should have the columns code, name, since, until"),
        ("code,name\n600519,贵州茅台\n", "line 2: code should be a market and a symbol"),
        ("code,name\n1.600519,\n", "name should not be empty"),
        ("code,name,since\n1.600519,贵州茅台,2001\n", "and '2001' is none"),
    ],
)
def test_a_wrong_file_of_names_is_refused(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "names.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidLexicon, match=sentence):
        list(read_lexicon(path))


@given(st.text(alphabet="贵州茅台（）()600519.SHK$AAPL，代码：0 \n", max_size=80))
def test_mentions_are_in_order_and_never_overlap(text: str) -> None:
    mentions = mentions_in_text(text, LEXICON)
    for one, other in pairwise(mentions):
        assert one.end <= other.start
    for one in mentions:
        assert 0 <= one.start < one.end <= len(text)

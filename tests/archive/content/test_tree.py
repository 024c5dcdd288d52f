"""The text of an element, and what an element shows."""

from lxml import etree

from archive.content import tree
from archive.content.tree import is_blank, parse, text_in

MANY = 50_000


def test_text_has_a_line_end_for_each_br() -> None:
    body = parse("<div>一<!-- c -->二<br>三<b>四<br/></b>五</div>")
    assert text_in(body) == "一二\n三四\n五"
    assert text_in(parse("<p>一<b>二</b></p>")) == "一二"


def test_no_path_compares_all_elements_with_each_other() -> None:
    """A union of steps does. It took minutes for a body of nothing but `br`."""
    paths = [one for one in vars(tree).values() if isinstance(one, etree.XPath)]
    assert len(paths) > 2
    assert not [one.path for one in paths if "|" in one.path]
    assert text_in(parse("x<br>" * MANY)) == "x\n" * MANY


def test_what_shows_something_is_not_blank() -> None:
    for shown in ("<img src=x>", "<table><tr><td></td></tr></table>", "<hr>", "<i>一</i>"):
        assert not is_blank(parse(f"<p>{shown}</p>"))
    assert is_blank(parse("<p> <b></b><br></p>"))

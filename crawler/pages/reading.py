"""What is read from an answer of a source, as one plain structure."""

from collections.abc import Callable, Mapping

from scrapy.http import Response

from crawler.pages.article_reading import Reading, UnknownAnswer
from crawler.pages.eastmoney_reading import read_eastmoney
from crawler.pages.layouts import Layout, layout_at
from crawler.pages.mirror_reading import read_mirror

#: The functions that read an answer, by the name of its source.
READERS: Mapping[str, Callable[[Response, Layout], Reading]] = {
    "eastmoney": read_eastmoney,
    "finews": read_mirror,
}


def read_answer(source: str, response: Response, layout: Layout | None = None) -> Reading:
    """Read an answer.

    :param source: the name of a source, such as ``eastmoney``.
    :param layout: the page class that reads it; by default the one of its address.
    :returns: the fields of an article; of a list, its ``entries`` and the parameters of the
        ``next`` page, or None after the last one. Times are ISO 8601.
    :raises UnknownAnswer: when no page object reads such answers.
    :raises PageError: when the answer cannot be read, or states that there is nothing.
    :raises InvalidInfoCode: when the address of an article has no code.
    """
    read = READERS.get(source)
    if read is None:
        raise UnknownAnswer(f"No source is called {source!r}; there are {', '.join(READERS)}.")
    layout = layout or layout_at(response.url)
    if layout is None:
        raise UnknownAnswer(f"No page class reads what is at {response.url}.")
    return read(response, layout)

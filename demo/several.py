"""Generate several made-up sites, each with its own mirror and share host."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from demo.articles import SHARE_HOSTS
from demo.exchange import Answer, Request, Site
from demo.mirror import MIRROR_HOST
from demo.site import BUILT, MadeUpSite, made_up_site

#: Time between the articles of one site and those of the next, so that all codes differ.
_APART = timedelta(days=20)


@dataclass(frozen=True, slots=True)
class OneOfSeveral:
    """A made-up site with its own host names."""

    name: str
    made_up: MadeUpSite
    #: The sites by host name.
    sites: Mapping[str, Site]
    #: The source declaration for the crawler, in TOML.
    sources: str


def several_sites(
    count: int, *, articles: int = 60, built: datetime = BUILT
) -> Iterator[OneOfSeveral]:
    """Generate sites with articles; the newest of the first site are of the day `built`."""
    for number in range(count):
        name = f"site{number}"
        made_up = made_up_site(articles=articles, seed=number, built=built - number * _APART)
        mirror, share = f"{name}.example", f"share.{name}.example"
        answers = [made_up.sites[host] for host in SHARE_HOSTS]
        yield OneOfSeveral(
            name=name,
            made_up=made_up,
            sites={mirror: made_up.sites[MIRROR_HOST], share: _first_that_knows(answers)},
            sources=_sources(mirror, share),
        )


def _first_that_knows(hosts: list[Site]) -> Site:
    """Merge several hosts, each with some of the articles, into one."""

    def answer(request: Request) -> Answer:
        answers = [host(request) for host in hosts]
        return max(answers, key=lambda answer: len(answer.body))

    return answer


def _sources(mirror: str, share: str) -> str:
    return f"""
[mirror]
site = "http://{mirror}/"
hosts = ["{mirror}", "{MIRROR_HOST}", "finews.zning.me"]
feed = "/feed.xml"
category = "/category/{{slug}}.html"

[share]
api = ["http://{share}/NewsData/GetNewsText.do?id={{info_code}}"]
link = "http://finews.zning.xyz/html_News/NewsShare.html?infoCode={{info_code}}"
rolling_link = "http://finance.eastmoney.com/news/1355,{{digits}}.html"

[pictures]
hosts = ["pictures.{mirror}"]

[eastmoney]
article_api = "http://pages.{mirror}/kuaixun/v2/api/article/{{digits}}"
article_page = "http://pages.{mirror}/a/{{digits}}.html"
rolling = ["http://lists.{mirror}/rolling?{{column}}&{{page}}&{{trace}}"]
columns = ["http://lists.{mirror}/columns?{{column}}&{{page}}&{{size}}&{{trace}}"]
security_news = ["http://lists.{mirror}/news?{{security}}&{{page}}&{{size}}"]
page_size = 50
read = ["rolling"]
rolling_columns = {{ 102 = ["rolling"] }}
news_columns = {{ 350 = ["economy"] }}
"""

"""Lists of Eastmoney with gaps."""

from demo.articles import Article
from demo.eastmoney import LISTAPI_HOST, list_site
from demo.replica import Site
from tests.support.eastmoney import LONG_AGO

ANY_AGE = ("-s", "FINEWS_REVISIT_DAYS=36500")  # made-up articles are old

AT_ONCE = (*LONG_AGO, *ANY_AGE, "-s", "FINEWS_INTERVAL_SHARE=0", "-s", "FINEWS_REVISITS=100")


def columns_only(*articles: Article) -> dict[str, Site]:
    return {LISTAPI_HOST: list_site((), {"350": articles})}

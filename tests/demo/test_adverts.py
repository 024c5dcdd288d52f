"""The demo's adverts are other ones at each request, and no part of the article."""

import json

from archive.content import read_body, same_article
from demo.adverts import with_adverts
from demo.articles import MIN_ARTICLES, SHARE_HOSTS
from demo.exchange import Request
from demo.site import MadeUpSite, made_up_site


def test_adverts_rotate_and_are_no_part_of_the_article() -> None:
    site: MadeUpSite = made_up_site(articles=MIN_ARTICLES)
    article = next(each for each in site.articles if SHARE_HOSTS[0] in each.share_hosts)
    ask = with_adverts(site.sites[SHARE_HOSTS[0]])
    request = Request("GET", SHARE_HOSTS[0], "/NewsData/GetNewsText.do", f"id={article.info_code}")
    answers = [json.loads(ask(request).body) for _ in range(6)]
    bodies = {answer.get("text") or answer["content"] for answer in answers}
    assert len(bodies) > 2
    for body in bodies:
        assert body != article.api_body
        assert read_body(body) == read_body(article.api_body)
        assert same_article(body, article.api_body)

"""Propose the declaration of a source by what its answers hold."""

from crawler.discovery.links import Links, links_in
from crawler.discovery.page_layouts import PageOfEntry, page_layout, without_repeated
from crawler.discovery.proposal import NothingFound, Proposal, propose

__all__ = [
    "Links",
    "NothingFound",
    "PageOfEntry",
    "Proposal",
    "links_in",
    "page_layout",
    "propose",
    "without_repeated",
]

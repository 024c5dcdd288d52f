"""Propose the declaration of a source by what its answers hold."""

from crawler.discovery.links import feeds_in, sitemaps_named_in
from crawler.discovery.page_layouts import page_layout, without_repeated
from crawler.discovery.proposal import NothingFound, Proposal, propose

"""Propose the declaration of a source by what its answers hold."""

from crawler.discovery.links import Links, links_in
from crawler.discovery.proposal import NothingFound, Proposal, propose

__all__ = ["Links", "NothingFound", "Proposal", "links_in", "propose"]

"""Requests each interface of a source once."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from scrapy.settings import Settings
from scrapy.spiderloader import SpiderLoader

from archive.errors import FinewsError
from crawler.checking.answers import Answers, CheckedAnswer, Silence
from crawler.checking.interfaces import Interface, Known, Plan
from crawler.pages.reading import read_answer
from crawler.visiting import Reply, Visit, Visitor, make_visits


def visit_of(plan: Plan, settings: Settings) -> Visit[Answers]:
    """Return the visit that requests each interface of a plan once."""
    return Visit(
        run=lambda visitor: _request_each(visitor, plan),
        hosts=tuple(interface.hostname for interface in plan.interfaces),
        settings=_settings_of(plan.source, settings),
    )


def request_one(source: str, address: str, settings: Settings) -> Reply:
    """Request one address once, with the settings of a source.

    :raises VisitFailed: as `make_visits`.
    """
    one = Visit(
        run=lambda visitor: visitor.request(address), settings=_settings_of(source, settings)
    )
    return make_visits([one], settings)[0]


def _settings_of(source: str, settings: Settings) -> Mapping[str, Any]:
    return SpiderLoader.from_settings(settings).load(source).custom_settings or {}


async def _request_each(visitor: Visitor, plan: Plan) -> Answers:
    """Request each interface once its address is known; unknown at last are those seen before."""
    known, answers = Known(), dict[Interface, CheckedAnswer]()
    while len(answers) < len(plan.interfaces):
        open_ = [one for one in plan.interfaces if one not in answers]
        possible = [one for one in open_ if one.address(known) is not None]
        if not possible:
            completed = known.completed_by(plan.seen)
            if completed == known:
                break
            known = completed
            continue
        for one, answer in zip(
            possible,
            await asyncio.gather(*(_request(visitor, one, known) for one in possible)),
            strict=True,
        ):
            answers[one] = answer
            if answer.response is not None:
                with suppress(FinewsError):
                    known = plan.learn(known, read_answer(plan.source, answer.response))
    hosts = sorted({interface.host for interface in plan.interfaces})
    return Answers(
        plan.source,
        tuple(answers.get(one) or not_asked(one.name) for one in plan.interfaces),
        {host: visitor.robots.get(host, "could not be fetched") for host in hosts},
    )


async def _request(visitor: Visitor, interface: Interface, known: Known) -> CheckedAnswer:
    address = interface.address(known)
    assert address is not None
    reply = await visitor.request(address, is_json=interface.is_json)
    title = known.title if interface.of_article else None
    return CheckedAnswer.of(reply, interface=interface.name, title=title)


def not_asked(interface: str) -> CheckedAnswer:
    """Return what is known of an interface without an address."""
    return CheckedAnswer(
        interface=interface,
        address="",
        silence=Silence.NOT_ASKED,
        reason="no answer named what to ask for",
    )

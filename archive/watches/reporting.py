"""Record what has happened since the last time, and send the notices that are due."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from archive.catalog import last_cursor
from archive.clock import Clock, utc_now
from archive.errors import ArchiveError, ArchiveLocked
from archive.sentences import translated
from archive.storage import READER, ArchiveLock, make_private_folder, reading_catalog
from archive.translation import N_, Language, language, ngettext
from archive.translation import gettext as _
from archive.watches.channels import ChannelFailed, ping, send
from archive.watches.events import last_arrival, notices_after
from archive.watches.ledger import Failing, Ledger
from archive.watches.model import FAILURES, Delivery, Watch, WatchFile

#: The beginning of the key of a crawl; the name of its source follows.
CRAWL = "crawl/"

#: The key of crawls that could not begin.
REFUSED = "refused"

# The key of an archive that cannot be read or written.
_ARCHIVE = "archive"

# What a failure is about, by the beginning of its key.
_KINDS = {
    "crawl": N_("the failure of the crawl of %(name)s"),
    "channel": N_("the failure of the channel %(name)s"),
    "silence": N_("the silence of %(name)s"),
    REFUSED: N_("the failure of all crawls"),
    _ARCHIVE: N_("the failure of the archive"),
    "cluster": N_("the failure of the cluster"),
    "disk": N_("the lack of space on the disk"),
    "damage": N_("the damage of files"),
}

# Tries in a row after which a channel's failure is sent by others.
_TRIES = 3

_HOUR = timedelta(hours=1)
_GB = 10**9


@dataclass(frozen=True, slots=True)
class Failure:
    """A failure that lasts until it is reported as over.

    :param kind: what changes when the failure gets another cause, such as an exit status.
    :param sentence: what happened, to what, why, what to do.
    """

    kind: str
    sentence: str


#: The failures, or None for a success, by a key such as ``crawl/cls``.
Outcomes = Mapping[str, Failure | None]


@dataclass(frozen=True, slots=True)
class Report:
    """What was sent.

    :param messages: number of messages that were sent.
    :param failing: the channels and pings that failed, with the reason of each.
    :param interrupted: number of notices that a killed process may have sent before.
    """

    messages: int = 0
    failing: Mapping[str, str] = field(default_factory=dict)
    interrupted: int = 0


def report(
    folder: Path, watches: WatchFile, outcomes: Outcomes | None = None, clock: Clock = utc_now
) -> Report:
    """Record events and failures of an archive, and send the notices that are due.

    While another process sends, notices are only recorded: that process or the next call sends
    them. Where the archive cannot be read or written, a ledger in the temporary folder stands in,
    so that this failure is sent as well, once.
    """
    now, outcomes = clock(), dict(outcomes or {})
    unrecorded: dict[str, Failure | None]
    with language(Language(watches.language)):
        failing = dict(_pings(watches, outcomes))
        stand_in = _stand_in(folder)
        try:
            with closing(Ledger(folder / READER)) as ledger:
                _record_news(folder, watches, ledger, now)
                outcomes["disk"] = _disk(folder, watches)
                _record_failures(watches, ledger, outcomes, now)
                sent = _send_due(folder, watches, ledger, now)
            unrecorded = {key: None for key, failure in outcomes.items() if failure is None}
            unrecorded[_ARCHIVE] = None
        except ArchiveError as error:
            failure = Failure(_ARCHIVE, str(error)) if folder.exists() else None
            sent, unrecorded = Report(), {**outcomes, _ARCHIVE: failure}
        if stand_in.exists() or any(unrecorded.values()):
            make_private_folder(stand_in.parent)
            with closing(Ledger(stand_in)) as ledger:
                _record_failures(watches, ledger, unrecorded, now)
                also = _send_due(stand_in.parent, watches, ledger, now)
            sent = Report(sent.messages + also.messages, {**sent.failing, **also.failing})
    return replace(sent, failing={**failing, **sent.failing})


def _stand_in(folder: Path) -> Path:
    """Return the path of the ledger that stands in for one that cannot be written."""
    name = hashlib.sha256(bytes(folder.resolve())).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"finews-{os.getuid()}-{name}" / READER


def _send_due(folder: Path, watches: WatchFile, ledger: Ledger, now: datetime) -> Report:
    """Send the notices of a ledger that are due.

    :param folder: of the ledger.
    """
    try:
        lock = ArchiveLock(folder, ".watch.lock")
    except ArchiveLocked:
        return Report()
    with closing(lock):
        interrupted, messages = ledger.note_interrupted(), 0
        failing = {}
        for name, delivery, channel in watches.deliveries():
            if not _is_due(ledger, name, delivery, channel, now):
                continue
            result = _send(ledger, watches.channels[channel], name, delivery, channel, now)
            if isinstance(result, Failing):
                failing[channel] = result.reason
            messages += result is True
            _record_failures(watches, ledger, _channel(channel, result), now)
        ledger.forget_old(now)
    return Report(messages, failing, interrupted)


def _record_news(folder: Path, watches: WatchFile, ledger: Ledger, now: datetime) -> None:
    """Add the notices of all events that the watches have not seen."""
    with reading_catalog(folder) as catalog:
        newest = last_cursor(catalog)
        for watch in watches.watch:
            seen = ledger.position(watch.name, newest)
            if watch.silence is None:
                for notices, cursor in notices_after(catalog, watch, seen):
                    ledger.add(watch.name, watch.to, notices, now, cursor)
            elif not watch.is_quiet(now):
                last = last_arrival(catalog, watch.query)
                _set(ledger, f"silence/{watch.name}", _silence(watch, last, now), watch, now)


def _silence(watch: Watch, last: datetime | None, now: datetime) -> Failure | None:
    assert watch.silence is not None
    if last is not None and now - last <= watch.silence:
        return None
    if last is None:
        sentence = _("%(watch)s: the archive has no article of it.", watch=watch.name)
    else:
        at = f"{last:%m-%d %H:%M}"
        sentence = _("%(watch)s: no article has arrived since %(at)s.", watch=watch.name, at=at)
    return Failure("silence", sentence)


def _disk(folder: Path, watches: WatchFile) -> Failure | None:
    free = shutil.disk_usage(folder).free
    if watches.failures is None or free >= watches.failures.disk_free:
        return None
    gigabytes = f"{free / _GB:.1f}"
    sentence = _(
        "The disk of %(folder)s has only %(free)s GB left; make room before it is full.",
        folder=folder,
        free=gigabytes,
    )
    return Failure("disk", sentence)


def _channel(channel: str, result: Failing | bool) -> Outcomes:
    """Return what the sending of a message shows of its channel."""
    key = f"channel/{channel}"
    if isinstance(result, Failing):
        if result.tries < _TRIES:
            return {}
        sentence = _(
            "The channel %(channel)s cannot be reached: %(reason)s.",
            channel=channel,
            reason=result.reason,
        )
        return {key: Failure("channel", sentence)}
    return {key: None} if result else {}


def _record_failures(watches: WatchFile, ledger: Ledger, outcomes: Outcomes, now: datetime) -> None:
    """Add a notice for each failure that has begun, has another cause, or is over."""
    if watches.failures:
        for key, failure in outcomes.items():
            _set(ledger, key, failure, watches.failures, now)


def _set(
    ledger: Ledger, key: str, failure: Failure | None, delivery: Delivery, now: datetime
) -> None:
    name = delivery.name if isinstance(delivery, Watch) else FAILURES
    channels = [each for each in delivery.to if key != f"channel/{each}"]
    known = ledger.kinds(key)
    if failure is None:
        if known:
            line = _("Over: %(what)s.", what=_what(key))
            ledger.set_failure(key, (), name, channels, line, now)
    elif failure.kind not in known:
        line = translated(failure.sentence)
        ledger.set_failure(key, known | {failure.kind}, name, channels, line, now)


def _is_due(ledger: Ledger, name: str, delivery: Delivery, channel: str, now: datetime) -> bool:
    """Return whether the notices of a watch that wait for a channel are sent now."""
    failed = ledger.failing_channels().get(channel)
    if delivery.is_quiet(now) or (failed and failed.next_try > now):
        return False
    return not delivery.digest or ledger.last_digest(name, channel, now) < delivery.digest_due(now)


def _what(key: str) -> str:
    """Return what a failure is about, for readers."""
    kind, _slash, name = key.partition("/")
    return _(_KINDS.get(kind, _KINDS["damage"]), name=name)


def _send(
    ledger: Ledger, place: str, name: str, delivery: Delivery, channel: str, now: datetime
) -> Failing | bool:
    """Send the notices of a watch that wait for a channel, in one message.

    :param place: the channel's address, or where it is.
    :returns: whether there was a message; how it failed.
    """
    waiting = ledger.waiting(name, channel)
    room = delivery.per_hour - ledger.number_sent(name, channel, now - _HOUR)
    if not waiting or room <= 0:
        ledger.sent(name, channel, (), (), now)
        return False
    named, counted = waiting[:room], waiting[room:]
    lines = [
        each.line + (_(" (may have been sent before)") if each.interrupted else "")
        for each in named
    ]
    if counted:
        lines.append(ngettext("and %(num)s more", "and %(num)s more", len(counted)))
    ledger.sending(waiting)
    try:
        send(place, f"finews: {name}", "\n".join(lines))
    except ChannelFailed as error:
        return ledger.failed(channel, waiting, str(error), now)
    ledger.sent(name, channel, named, counted, now)
    return True


def _pings(watches: WatchFile, outcomes: Outcomes) -> Iterator[tuple[str, str]]:
    """Ping the dead man's switches of the crawls that have succeeded; yield what failed."""
    for key, failure in outcomes.items():
        source = key.removeprefix(CRAWL)
        place = watches.pings.get(source, watches.pings.get("*"))
        if place and key.startswith(CRAWL) and failure is None:
            try:
                ping(place)
            except ChannelFailed as error:
                yield f"ping {source}", str(error)

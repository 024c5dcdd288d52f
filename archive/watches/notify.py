"""Send the notices that are due behind a crawl or a check, whatever fails."""

import sys
from pathlib import Path

from archive.clock import Clock, utc_now
from archive.errors import FinewsError
from archive.sentences import translated
from archive.watches.model import load_watches
from archive.watches.reporting import Outcomes, report


def notify(folder: Path, file: Path, outcomes: Outcomes, clock: Clock = utc_now) -> None:
    """Report outcomes where there is a file of watches.

    What cannot be sent is printed to standard error, and changes nothing else.

    :param file: ``watches.toml``; nothing is done where it does not exist.
    """
    if not file.exists():
        return
    try:
        sent = report(folder, load_watches(file), outcomes, clock)
    except FinewsError as error:
        _print(f"No notices were sent: {error}")
        return
    for channel, reason in sent.failing.items():
        _print(f"{channel} failed and is tried again later: {reason}.")


def _print(sentence: str) -> None:
    print(f"finews: {translated(sentence)}", file=sys.stderr)

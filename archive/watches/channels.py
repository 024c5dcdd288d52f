"""Send messages by Apprise, and keep the addresses of channels secret."""

import logging
import os
import re
import urllib.request
import warnings
from http.client import HTTPException
from pathlib import Path
from urllib.parse import unquote

from archive.errors import FinewsError

_SECONDS = 10


class ChannelFailed(FinewsError):
    """A message or a ping that could not be sent; the sentence has no secret."""


def send(place: str, title: str, body: str, *, html: bool = False) -> None:
    """Send a message.

    :param place: an address of Apprise, or where it is, such as ``env:WECOM``.
    :param html: whether the body is HTML; services that show none get its text.
    :raises ChannelFailed: with what the service answered.
    """
    address = _address(place)
    with warnings.catch_warnings():  # apprise imports a module that Python 3.13 removes
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            import apprise
        except ImportError as error:
            raise ChannelFailed(
                "messages need the package apprise; install finews-archive with the extra watch"
            ) from error
        channel = apprise.Apprise()
        with apprise.LogCapture(level=logging.WARNING) as log:  # type: ignore[no-untyped-call]
            body_format = apprise.NotifyFormat.HTML if html else apprise.NotifyFormat.TEXT
            sent = channel.add(address) and bool(
                channel.notify(body=body, title=title, body_format=body_format)
            )
            reasons = log.getvalue()
    if not sent:
        raise ChannelFailed(_without_secrets(reasons, address) or "it is no address of Apprise")


def ping(place: str) -> None:
    """Request an address, such as one of a dead man's switch.

    :param place: the address, or where it is, such as ``env:PING``.
    :raises ChannelFailed: when it does not answer with a status of success.
    """
    address = _address(place)
    if not address.startswith(("https://", "http://")):
        raise ChannelFailed("it is no address of the web")
    try:
        with urllib.request.urlopen(address, timeout=_SECONDS):  # noqa: S310 (checked above)
            pass
    except (OSError, ValueError, HTTPException) as error:
        raise ChannelFailed(_without_secrets(str(error), address)) from error


def _address(place: str) -> str:
    """Return the address of a channel, from where the file of watches names it.

    :raises ChannelFailed: when it is not there.
    """
    kind, _, name = place.partition(":")
    if kind == "env":
        if not (address := os.environ.get(name, "").strip()):
            raise ChannelFailed(f"the environment variable {name} is not set")
        return address
    if kind == "file":
        try:
            return Path(name).read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ChannelFailed(f"its address could not be read: {error}") from error
    return place


def _without_secrets(log: str, address: str) -> str:
    """Return what Apprise or Python reports, on one line, without the parts of an address.

    In many an address of Apprise, the key of a robot is where others have the name of a host.
    """
    secrets = {address, *re.split(r"[/?&=#@:,]+", address.partition("://")[2])}
    reasons = [line.rpartition(" - ")[2] for line in log.splitlines() if line.strip()]
    text = "; ".join(dict.fromkeys(reasons))
    for secret in sorted(secrets | {unquote(each) for each in secrets}, key=len, reverse=True):
        if len(secret) > 3:
            text = text.replace(secret, "…")
    return text[:300].strip().rstrip(".")

"""The facts about sites, as the replica needs them."""

from pathlib import Path


def without_tls(sources: Path, folder: Path) -> Path:
    """A copy of a sources file in `folder` whose addresses are all http: the replica speaks that.

    Raises OSError when one cannot be read or the other not be written.
    """
    copy = folder / sources.name
    copy.write_text(sources.read_text(encoding="utf-8").replace("https://", "http://"), "utf-8")
    return copy

"""``python -m tests.audit`` asks the package index whether it still stands by what is pinned.

A release that its makers have withdrawn is marked there as yanked (PEP 592), with their reason:
broken, insecure, or not theirs. pip installs it all the same where it is pinned, and warns.
"""

import re
import subprocess
import sys
from pathlib import Path

PINS = Path(__file__).parents[1] / "constraints.txt"
_YANKED = re.compile(r"yanked version: '([^']+)' candidate \(version (\S+)")
_REASON = re.compile(r"Reason for being yanked: (.*)")


def yanked(pins: Path, *options: str) -> list[str]:
    """The pinned releases that were withdrawn, each with its reason.

    :param options: more of pip's.
    :raises SystemExit: with what pip says, when it cannot find a pinned release at all.
    """
    asked = subprocess.run(
        (
            *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
            *("--dry-run", "--ignore-installed", "--no-deps", "--requirement", pins, *options),
        ),
        capture_output=True,
        text=True,
        check=False,
    )
    if asked.returncode:
        sys.exit(f"pip could not find all that is pinned:\n{asked.stderr}")
    found = [f"{name} {version}" for name, version in _YANKED.findall(asked.stderr)]
    reasons = _REASON.findall(asked.stderr)
    return [": ".join(told) for told in zip(found, reasons, strict=True)]


def main() -> None:
    """End with status 1 when one was."""
    withdrawn = yanked(PINS)
    count = len(PINS.read_text(encoding="utf-8").splitlines())
    print(f"{count} releases are pinned, {len(withdrawn)} of them were withdrawn.")
    sys.exit("\n".join(withdrawn) or None)


if __name__ == "__main__":
    main()

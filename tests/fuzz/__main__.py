"""``python -m tests.fuzz [SECONDS] [TARGET ...]`` fuzzes each target, guided by coverage.

Each runs in a process of its own, because libFuzzer ends it. What it has learned stays in
``.fuzz/``, and the next run goes on from there; an input that breaks something is kept under
``tests/fuzz/crashes/``, where the tests try it again.
"""

import re
import subprocess
import sys
from pathlib import Path

from tests.fuzz.targets import TARGETS, Target

CRASHES = Path(__file__).with_name("crashes")
_LEARNED = Path(__file__).parents[2] / ".fuzz"
_LARGEST = 20_000
_SLOWEST = 20
_DONE = re.compile(r"Done (\d+) runs in (\d+) second")

_RUN = """
import sys, warnings
warnings.simplefilter("ignore")
import atheris
read = ("pages", "declarations", "discovery", "extraction")
with atheris.instrument_imports(include=["archive", *(f"crawler.{name}" for name in read)]):
    from tests.fuzz.targets import TARGETS
(target,) = (target for target in TARGETS if target.name == sys.argv[1])
atheris.Setup([sys.argv[0], *sys.argv[2:]], target.function)
atheris.Fuzz()
"""


def fuzz(
    target: Target,
    seconds: int,
    learned: Path = _LEARNED,
    crashes: Path = CRASHES,
    *,
    seed: int = 0,
    most: int = 1_000_000_000,
) -> int:
    """Fuzz a target.

    :param seconds: after which it ends.
    :param seed: of the random choices; 0 takes another one in each run.
    :param most: inputs that are tried.
    :returns: how many inputs were tried.
    :raises SystemExit: with what went wrong, and the input that did it, when one breaks it.
    """
    corpus, kept = learned / target.name, crashes / target.name
    for folder in (corpus, kept):
        folder.mkdir(parents=True, exist_ok=True)
    for number, data in enumerate(target.seeds()):
        (corpus / f"seed-{number}").write_bytes(data)
    ended = subprocess.run(
        (
            *(sys.executable, "-c", _RUN, target.name, f"-max_total_time={seconds}"),
            *(f"-seed={seed}", f"-runs={most}"),
            *(f"-max_len={_LARGEST}", f"-timeout={_SLOWEST}", "-rss_limit_mb=1500"),
            *(f"-artifact_prefix={kept}/", str(corpus)),
        ),
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    done = _DONE.search(ended.stderr)
    if ended.returncode or done is None:
        sys.exit(f"{target.name} broke:\n{ended.stdout}\n{ended.stderr[-5000:]}")
    return int(done[1])


def main(seconds: str = "300", *names: str) -> None:
    """Fuzz all targets, or those named, and print a table of how many inputs were tried."""
    print("| target | seconds | inputs |\n| --- | ---: | ---: |", flush=True)
    for target in TARGETS:
        if not names or target.name in names:
            print(f"| {target.name} | {seconds} | {fuzz(target, int(seconds)):,} |", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])

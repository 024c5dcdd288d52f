"""``python -m tests.fuzz [SECONDS] [TARGET ...]`` fuzzes each target, guided by coverage.

One process imports the code with atheris's instrumentation, which takes a while, and forks a
process for each target, because libFuzzer ends it. The corpus that libFuzzer generates stays in
``.fuzz/``, and the next run continues with it. An input that breaks a target is stored under
``tests/fuzz/crashes/``, where the tests try it again.
"""

import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.fuzz.targets import TARGETS, Target

CRASHES = Path(__file__).with_name("crashes")
_CORPUS = Path(__file__).parents[2] / ".fuzz"

#: Limits of one input: its size in bytes, the seconds that it may take, and memory in megabytes.
_LARGEST, _SLOWEST, _MEMORY = 20_000, 20, 1500

_DONE = re.compile(r"Done (\d+) runs in (\d+) second")

# Prints, for each target, its name and the exit status of its process; the process writes the
# rest into a log in the folder of the target's corpus.
_RUN = """
import os, sys, warnings
from pkgutil import resolve_name
from pathlib import Path
warnings.simplefilter("ignore")
import atheris
read = ("pages", "declarations", "discovery", "extraction")
with atheris.instrument_imports(include=["archive", *(f"crawler.{name}" for name in read)]):
    from tests.fuzz import targets
where, corpus, crashes, names, *options = sys.argv[1:]
known = {target.name: target for target in resolve_name(where)}
for name in names.split():
    child = os.fork()
    if not child:
        log = os.open(Path(corpus, f"{name}.log"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(log, 1), os.dup2(log, 2)
        folders = (f"-artifact_prefix={Path(crashes, name)}/", str(Path(corpus, name)))
        atheris.Setup([sys.argv[0], *options, *folders], known[name].function)
        atheris.Fuzz()
    print(name, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


def fuzz(
    targets: Sequence[Target],
    seconds: int,
    corpus: Path = _CORPUS,
    crashes: Path = CRASHES,
    *,
    where: str = "tests.fuzz.targets:TARGETS",
    seed: int = 0,
    most: int = 1_000_000_000,
) -> Iterator[tuple[Target, int, str]]:
    """Fuzz targets, and yield each with the number of tried inputs, and with its log.

    :param seconds: after which a target ends.
    :param corpus: folder in which the inputs that reach new code are stored.
    :param crashes: folder in which an input is stored that breaks a target.
    :param where: the module and name of a sequence with these targets.
    :param seed: of the random choices; 0 takes another one in each run.
    :param most: number of inputs that are tried.
    :returns: the number is 0 for a target that broke.
    """
    for target in targets:
        (crashes / target.name).mkdir(parents=True, exist_ok=True)
        (corpus / target.name).mkdir(parents=True, exist_ok=True)
        for number, data in enumerate(target.seeds()):
            (corpus / target.name / f"seed-{number}").write_bytes(data)
    by_name = {target.name: target for target in targets}
    command = (
        *(sys.executable, "-c", _RUN, where, str(corpus), str(crashes), " ".join(by_name)),
        *(f"-max_total_time={seconds}", f"-seed={seed}", f"-runs={most}"),
        *(f"-max_len={_LARGEST}", f"-timeout={_SLOWEST}", f"-rss_limit_mb={_MEMORY}"),
    )
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as fuzzing:
        assert fuzzing.stdout
        for line in fuzzing.stdout:
            name, status = line.split()
            log = (corpus / f"{name}.log").read_text(errors="replace")
            done = _DONE.search(log)
            yield by_name[name], int(done[1]) if done and status == "0" else 0, log


def main(seconds: str = "300", *names: str) -> None:
    """Fuzz all targets, or those named, and print a table of how many inputs were tried."""
    print("| target | seconds | inputs |\n| --- | ---: | ---: |", flush=True)
    targets = [target for target in TARGETS if not names or target.name in names]
    for target, tried, log in fuzz(targets, int(seconds)):
        if not tried:
            sys.exit(f"{target.name} broke:\n{log[-5000:]}")
        print(f"| {target.name} | {seconds} | {tried:,} |", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])

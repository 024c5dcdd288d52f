"""`finews sources check` of the declared sources, whose recorded answers are served."""

import json
import os
from collections import Counter
from pathlib import Path

from demo.replica import Replica
from tests.conftest import FINEWS, NO_DELAYS
from tests.support import fork_server
from tests.support.publishers import publishers

NAMES = (
    *("chinanews", "cls", "gelonghui", "jin10", "nbd"),
    *("people", "sina", "ths", "wscn", "xinhua"),
)
#: What is never stored of sina: names and numbers of readers and members of staff.
READERS = ("comment_list", "creator", "mender", "check_user")
#: Recorded answers are older by now than a list's newest entry may be, and one recorded article
#: is served for all.
OLD, OTHER = "its newest entry is ", "has nothing in common with the list's"


def test_recorded_answers_are_as_declared_but_old(tmp_path: Path) -> None:
    saved = tmp_path / "saved"
    with Replica(publishers()) as replica:
        ended = fork_server.run(
            (*FINEWS, "sources", "check", *NAMES, "--save", str(saved), *NO_DELAYS),
            env=os.environ | replica.environment,
        )
        assert "Traceback" not in ended.stderr
        asked = Counter((one.request.host, one.request.target) for one in replica.requests)
        assert set(asked.values()) == {1}
        assert not replica.unknown
    for name in NAMES:
        assert f"\n## {name}: " in ended.stdout
    deviations = [line for line in ended.stdout.splitlines() if line.startswith("- ")]
    assert [line for line in deviations if OLD not in line and OTHER not in line] == []
    again = fork_server.run((*FINEWS, "sources", "check", *NAMES, "--from", str(saved)))
    assert again.stdout.count(OLD) == ended.stdout.count(OLD)
    kept = b"".join(path.read_bytes() for path in (saved / "sina").iterdir())
    assert not [word for word in READERS if f'"{word}"'.encode() in kept]
    index = json.loads((saved / "sina" / "index.json").read_text(encoding="utf-8"))
    assert len(index["files"]) == 4

"""Unattended crawls: after simulated days, the archive has every version that a revisit could see.

`FINEWS_SIMULATED_HOURS` says how many hours; a nightly run asks for 80.
"""

import json
import os
import subprocess
import sys
from collections import defaultdict
from datetime import datetime, timedelta
from pathlib import Path

from archive.integrity.rebuild import rebuild
from archive.integrity.verify import verify
from tests.conftest import ROOT
from tests.support.catalogs import tables
from tests.support.sample_site import rows

HOURS = float(os.environ.get("FINEWS_SIMULATED_HOURS", "14"))


def test_every_version_that_was_seen_is_archived(tmp_path: Path) -> None:
    code = "import sys; from tests.faults.simulated_days import main; main(*sys.argv[1:])"
    ended = subprocess.run(
        (sys.executable, "-W", "ignore", "-c", code, tmp_path / "news", str(HOURS)),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.stdout.startswith("{"), ended.stderr
    told = json.loads(ended.stdout)
    archive = tmp_path / "news"
    served: dict[str, list[tuple[int, datetime]]] = defaultdict(list)
    for info_code, version, when in told["served"]:
        served[info_code].append((version, datetime.fromisoformat(when)))

    versions: dict[str, set[int]] = defaultdict(set)
    kept = rows(archive, "SELECT info_code, path FROM posts") + rows(
        archive, "SELECT info_code, path FROM revisions"
    )
    for info_code, path in kept:
        text = (archive / path).read_text(encoding="utf-8")
        versions[info_code].add(int(text.partition("<p>第")[2][0]))
    seen = {code: {version for version, _ in looks if version} for code, looks in served.items()}
    assert versions == seen
    assert {3} < set().union(*seen.values())
    assert len(kept) == sum(map(len, seen.values()))

    for info_code, looks in served.items():
        misses = [when for version, when in looks if not version]
        if not misses:
            continue
        back = [when for version, when in looks if version and when > misses[0]]
        noted = dict(
            rows(archive, f"SELECT what, at FROM changes WHERE info_code = '{info_code}'")  # noqa: S608
        )
        assert datetime.fromisoformat(noted["gone"]) == misses[0]
        if back:
            assert datetime.fromisoformat(noted["returned"]) == back[0]
    assert rows(archive, "SELECT count(*) FROM changes WHERE what = 'returned'")[0][0] > 0

    first, last = (
        min(looks[0][1] for looks in served.values()),
        max(looks[-1][1] for looks in served.values()),
    )
    assert last - first > timedelta(hours=HOURS - 1)
    oldest = [looks for looks in served.values() if looks[0][1] - first < timedelta(hours=1)]
    assert all(5 <= len({when for _, when in looks}) <= 11 for looks in oldest)
    assert rows(archive, "SELECT DISTINCT status FROM crawls") == [(0,)]

    assert not verify(archive).problems
    before = tables(archive)
    rebuild(archive)
    assert tables(archive) == before

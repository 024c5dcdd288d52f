"""Every command that the documents show in a `console` block is run, in their order."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from demo.replica import Replica, Site
from tests.conftest import MIRROR, NO_DELAYS, ROOT

DOCUMENTS = sorted([*(ROOT / "docs").glob("*.md"), *ROOT.glob("*.md")])
_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def commands(document: Path) -> list[str]:
    blocks = _BLOCK.findall(document.read_text(encoding="utf-8"))
    lines = [line for block in blocks for line in block.splitlines()]
    return [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]


WITH_COMMANDS = [document for document in DOCUMENTS if commands(document)]


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive of a crawl of the sample site."""
    from demo.replica import folder_site, share_api_site
    from tests.conftest import SAMPLES, SHARE_HOSTS

    archive = tmp_path_factory.mktemp("docs") / "news"
    answers = {path.stem: path.read_bytes() for path in (SAMPLES / "share_api").iterdir()}
    sites: Mapping[str, Site] = {
        MIRROR: folder_site(SAMPLES / "site"),
        **dict.fromkeys(SHARE_HOSTS, share_api_site(answers)),
    }
    with Replica(sites) as replica:
        subprocess.run(
            (
                *(sys.executable, "-m", "scrapy", "crawl", "finews", "--nolog"),
                *("-a", f"site=http://{MIRROR}/", *NO_DELAYS),
            ),
            cwd=ROOT,
            env=os.environ | {"http_proxy": replica.proxy_url, "FINEWS_ARCHIVE": str(archive)},
            check=True,
            capture_output=True,
        )
    return archive


def test_there_are_commands() -> None:
    assert any(document.name == "archive.md" for document in WITH_COMMANDS)


@pytest.mark.parametrize("document", WITH_COMMANDS, ids=lambda document: document.name)
def test_the_commands_of_a_document_run(document: Path, crawled: Path, tmp_path: Path) -> None:
    archive = tmp_path / "news"
    shutil.copytree(crawled, archive)
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "FINEWS_ARCHIVE": str(archive),
        "OTHER": str(ROOT / "tests" / "samples" / "posts"),
        "OUT": str(tmp_path),
    }
    for command in commands(document):
        done = subprocess.run(
            command,
            shell=True,
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"

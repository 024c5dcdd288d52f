"""What the project is made of: pinned whole, and nothing in it that turns input into code."""

import ast
import os
import re
import shlex
import subprocess
import sys
import tomllib
from importlib.metadata import distributions
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest

from demo.replica import Answer, Replica, Request
from tests.audit import yanked
from tests.conftest import ROOT
from tests.support import advisories
from tests.support.documents import commands

OWN = {"finews-archive", "pip", "setuptools", "wheel"}
HOUSES = ("archive", "cluster", "crawler", "demo", "settings")
DANGEROUS_MODULES = {
    *("pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib", "code"),
    "multiprocessing",  # pickles what it sends
}
DANGEROUS_CALLS = {"eval", "exec", "compile", "__import__"}
#: Modules that hand values of their own to processes that they have started. Python pickles these;
#: what sites say is in them as text and bytes.
BETWEEN_OURSELVES = {
    "archive/background/proxy.py",
    "archive/pipes.py",
    "archive/process_pool.py",
    "archive/background/process.py",
}
#: Of PyYAML: strings only, or plain values only; all others can build objects or are slow.
SAFE_LOADERS = {"CBaseLoader", "CSafeLoader"}


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_everything_that_is_installed_is_pinned() -> None:
    pins = (pin.split("==") for pin in (ROOT / "constraints.txt").read_text().splitlines())
    pinned = {canonical(name): version for name, version in pins}
    installed = {canonical(found.name): found.version for found in distributions()}
    unlike = {
        name: version
        for name, version in installed.items()
        if name not in OWN and pinned.get(name) != version
    }
    assert not unlike


def test_what_is_installed_fits_together() -> None:
    checked = subprocess.run(
        (sys.executable, "-m", "pip", "check"), capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout


def wheel_of(name: str, version: str) -> bytes:
    wheel, info = BytesIO(), f"{name}-{version}.dist-info"
    with ZipFile(wheel, "w") as files:
        files.writestr(
            f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        )
        files.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        files.writestr(f"{info}/RECORD", "")
    return wheel.getvalue()


def index_site(request: Request) -> Answer:
    """A package index (PEP 503) of two packages, one of which was withdrawn."""
    name = "sound" if "sound" in request.path else "withdrawn"
    if request.path.endswith(".whl"):
        return Answer(200, wheel_of(name, "1.0"), {"Content-Type": "application/zip"})
    mark = 'data-yanked="it holds a back door"' if name == "withdrawn" else ""
    link = f'<a href="/files/{name}-1.0-py3-none-any.whl" {mark}>{name}-1.0-py3-none-any.whl</a>'
    page = f"<!DOCTYPE html><html><body>{link}</body></html>"
    return Answer(200, page.encode(), {"Content-Type": "text/html"})


def test_a_withdrawn_release_is_seen(tmp_path: Path) -> None:
    pins = tmp_path / "constraints.txt"
    host = "index.test"
    with Replica({host: index_site}) as replica:
        options = ("--isolated", "--index-url", f"http://{host}/simple", "--trusted-host", host)
        options += ("--proxy", replica.proxy_url, "--no-cache-dir", "--retries", "0")
        pins.write_text("sound==1.0\n")
        assert yanked(pins, *options) == []
        pins.write_text("sound==1.0\nwithdrawn==1.0\n")
        assert yanked(pins, *options) == ["withdrawn 1.0: it holds a back door"]
        pins.write_text("sound==2.0\n")
        with pytest.raises(SystemExit, match="pip could not find all that is pinned"):
            yanked(pins, *options)


def test_a_known_vulnerability_is_seen(tmp_path: Path) -> None:
    (command,) = [
        command for command in commands(ROOT / "CONTRIBUTING.md") if "pip-audit" in command
    ]
    known: dict[str, str] = {}
    with Replica({advisories.HOST: advisories.site(known)}) as replica:
        environment = {**os.environ, **advisories.environment(replica, tmp_path)}

        def audited() -> subprocess.CompletedProcess[str]:
            return subprocess.run(
                (Path(sys.executable).with_name("pip-audit"), *shlex.split(command)[1:]),
                cwd=ROOT,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )

        sound = audited()
        assert sound.returncode == 0, sound.stderr
        asked = {entry.request.path for entry in replica.requests if entry.answered_by_known_host}
        pins = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
        assert len(asked) == len(pins)
        known["scrapy"] = "TEST-2026-1"
        bad = audited()
        assert bad.returncode == 1, bad.stderr
        assert re.search(r"^scrapy +\S+ +TEST-2026-1", bad.stdout, re.MULTILINE | re.IGNORECASE)
        replica.sites.clear()
        assert audited().returncode, "without advisories nothing was audited"


def modules() -> list[Path]:
    return [path for house in HOUSES for path in sorted((ROOT / house).rglob("*.py"))]


def dangers(source: str) -> list[str]:
    """What in a module could run or build what some input says."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names = {(node.module or "").partition(".")[0]}
        else:
            names = set()
        found += sorted(names & DANGEROUS_MODULES)
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            if called in DANGEROUS_CALLS or called in {"os.system", "os.popen"}:
                found.append(called)
            if called.startswith("yaml.") and called.endswith(("load", "load_all")):
                loaders = {
                    ast.unparse(word.value).removeprefix("yaml.")
                    for word in node.keywords
                    if word.arg == "Loader"
                }
                found += [] if loaders and loaders <= SAFE_LOADERS else [called]
            if any(
                word.arg == "shell" and ast.unparse(word.value) != "False" for word in node.keywords
            ):
                found.append(f"{called} with a shell")
    return found


@pytest.mark.parametrize("module", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_module_turns_input_into_code(module: Path) -> None:
    found = dangers(module.read_text(encoding="utf-8"))
    if module.relative_to(ROOT).as_posix() in BETWEEN_OURSELVES:
        assert set(found) == {"multiprocessing"}
    else:
        assert not found


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from multiprocessing.connection import Listener",
        "from marshal import loads",
        "eval(x)",
        "yaml.load(x, Loader=yaml.Loader)",
        "yaml.load(x)",
        "yaml.unsafe_load(x)",
        "subprocess.run(x, shell=True)",
        "os.system(x)",
    ],
)
def test_what_is_dangerous_is_seen(source: str) -> None:
    assert dangers(source)


def test_ruffs_security_rules_are_on(tmp_path: Path) -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert "S" in settings["tool"]["ruff"]["lint"]["select"]
    bad = (
        'import pickle, subprocess\npickle.loads(b"")\neval("1")\nsubprocess.run("x", shell=True)\n'
    )
    checked = subprocess.run(
        (
            Path(sys.executable).with_name("ruff"),
            "check",
            "--stdin-filename",
            "archive/bad.py",
            "-",
        ),
        input=bad,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert {"S301", "S307", "S602"} <= set(re.findall(r"\bS\d{3}\b", checked.stdout))

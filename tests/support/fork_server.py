"""Start Python programs from a process that has imported the project already: a fork server.

A crawl imports for a second before it begins, which is more than the rest of a short one needs. A
program that is forked is a process of its own all the same, with the directory, environment,
output and exit status of one that is started. Tests of the start itself use `subprocess`.
"""

import atexit
import contextlib
import functools
import gc
import importlib
import json
import os
import pkgutil
import runpy
import select
import selectors
import socket
import subprocess
import sys
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, AnyStr

from tests.support.children import Child

_ROOT = Path(__file__).parents[2]
_LARGEST_REQUEST = 1_000_000
# What Python and its libraries read when they start, and a forked program no longer.
_READ_AT_START = ("PYTHON", "LC_", "LANG", "TZ", "MALLOC_")


class Forked(Child[AnyStr]):
    """A program that is forked, as a `subprocess.Popen` without standard input.

    Its command is `sys.executable`, ``-m`` with a module or ``-c`` with code, and arguments. A
    program before it, such as setpriv, starts a server of its own.
    """

    def _execute_child(self, command: Sequence[object], *options: Any) -> None:
        words = list(map(str, command))
        start = words.index(sys.executable)
        directory, environment = str(options[4] or Path.cwd()), dict(options[5] or os.environ)
        assert _at_start(environment) == _at_start(os.environ), "use subprocess to start with this"
        pipes = options[9:15]
        output, log = pipes[3], pipes[5]
        self._reports, report = os.pipe()
        socket.send_fds(
            _server(*words[:start]),
            [json.dumps([words[start + 1 :], directory, environment]).encode()],
            [1 if output == -1 else output, 2 if log == -1 else log, report],
        )
        os.close(report)
        self.pid = self._report()
        self._child_created = True
        self._close_pipe_fds(*pipes)

    def _internal_poll(self, *_: Any, **__: Any) -> int | None:
        if self.returncode is None and select.select([self._reports], [], [], 0)[0]:
            self._wait(None)
        return self.returncode

    def _wait(self, timeout: float | None) -> int:
        if self.returncode is None:
            if not select.select([self._reports], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(self.args, timeout or 0)
            self.returncode = self._report()
            os.close(self._reports)
        return self.returncode

    def _report(self) -> int:
        """Read a number of the server: first the process id, then the exit status."""
        return int(os.read(self._reports, _REPORT))


def run(
    command: Sequence[object],
    *,
    cwd: Path = _ROOT,
    env: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Fork a program, and return its exit status and its output."""
    pipe = subprocess.PIPE
    with Forked(command, cwd=cwd, env=env, stdout=pipe, stderr=pipe, text=True) as program:
        output, log = program.communicate()
    return subprocess.CompletedProcess(command, program.returncode, output, log)


def _at_start(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: environment[name] for name in environment if name.startswith(_READ_AT_START)}


@functools.cache
def _server(*start: str) -> socket.socket:
    """Start a server; it ends with this process."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        server = subprocess.Popen(
            (*start, sys.executable, "-m", __name__, str(theirs.fileno())),
            cwd=_ROOT,
            pass_fds=(theirs.fileno(),),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
    atexit.register(server.wait)
    atexit.register(ours.close)
    return ours


#: Length of a number that the server sends.
_REPORT = 12


def _import_project() -> None:
    """Import everything that a program may need and that needs no event loop."""
    for package in map(importlib.import_module, ("archive", "crawler", "scrapy")):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.endswith(".__main__"):
                # Scrapy has deprecated modules, and some for HTTP/2, which is not installed.
                with warnings.catch_warnings(action="ignore"), contextlib.suppress(ImportError):
                    importlib.import_module(module.name)
    assert "twisted.internet.reactor" not in sys.modules
    for name in [name for name in sys.modules if name.partition(".")[0] == "settings"]:
        del sys.modules[name]  # each program reads its own environment
    gc.collect()
    gc.freeze()


def _serve(requests: socket.socket) -> Sequence[str]:
    """Fork a process for each request, and return its arguments in it."""
    with selectors.DefaultSelector() as events:
        events.register(requests, selectors.EVENT_READ)
        while True:
            for key, _ in events.select():
                if key.fileobj is requests:
                    request, descriptors, *_ = socket.recv_fds(requests, _LARGEST_REQUEST, 3)
                    if not request:
                        sys.exit()
                    child = os.fork()
                    if not child:
                        return _become(descriptors, *json.loads(request))
                    output, log, reports = descriptors
                    os.close(output)
                    os.close(log)
                    os.write(reports, f"{child:{_REPORT}}".encode())
                    events.register(os.pidfd_open(child), selectors.EVENT_READ, (child, reports))
                else:
                    child, reports = key.data
                    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
                    with contextlib.suppress(BrokenPipeError):  # nobody waits for it any longer
                        os.write(reports, f"{status:{_REPORT}}".encode())
                    events.unregister(key.fd)
                    os.close(key.fd)
                    os.close(reports)


def _become(
    descriptors: Sequence[int],
    arguments: Sequence[str],
    directory: str,
    environment: Mapping[str, str],
) -> Sequence[str]:
    """Make a forked process what a started one is."""
    output, log, _ = descriptors
    os.dup2(output, 1)
    os.dup2(log, 2)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    os.chdir(directory)
    sys.path[0] = directory
    os.environ.clear()
    os.environ.update(environment)
    return arguments


def _main(requests: str) -> None:
    _import_project()
    kind, program, *arguments = _serve(socket.socket(fileno=int(requests)))
    sys.argv = [kind, *arguments]
    if kind == "-m":
        sys.modules.pop(program, None)
        runpy.run_module(program, run_name="__main__", alter_sys=True)
    else:
        names: dict[str, Any] = {"__name__": "__main__"}
        exec(compile(program, "<string>", "exec"), names)  # noqa: S102 (as Python does)


if __name__ == "__main__":
    _main(*sys.argv[1:])

"""``python -m bench.publishing``: what a site costs to export, to export again, and to build."""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from archive.importing import import_posts
from bench.importing import write_posts

EXPORT = (sys.executable, "-m", "archive.cli", "export", "site")


def main() -> None:
    """Publish archives of two sizes and print a row for each step, a post's share of it too."""
    parser = argparse.ArgumentParser(prog="python -m bench.publishing", description=__doc__)
    parser.add_argument("--posts", type=int, default=20_000)
    arguments = parser.parse_args()
    print(f"{'':30} {'seconds':>8} {'ms/post':>8} {'MB':>6}")
    for posts in (max(1, arguments.posts // 5), arguments.posts):
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            write_posts(folder / "posts", posts)
            import_posts(folder / "news", [folder / "posts"])
            site, news = str(folder / "site"), str(folder / "news")
            show(f"{posts:,}: export", (*EXPORT, site, news), posts)
            show(f"{posts:,}: the same again", (*EXPORT, site, news), posts)
            build = ("jekyll", "build", "--quiet", "-s", site, "-d", str(folder / "built"))
            show(f"{posts:,}: jekyll build", build, posts)


def show(what: str, command: Sequence[str], posts: int) -> None:
    """Run a command and print its row: processor's time, that for a post, the most memory."""
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)  # noqa: S603
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{command[0]} ended with {process.returncode}.")
    seconds = usage.ru_utime + usage.ru_stime
    memory = usage.ru_maxrss / 1024
    print(f"{what:30} {seconds:8.1f} {1000 * seconds / posts:8.2f} {memory:6.0f}", flush=True)


if __name__ == "__main__":
    main()

"""``python -m bench.publishing``: what a site costs to export, to export again, and to build."""

import argparse
import sys
import tempfile
from pathlib import Path

from archive.importing import import_posts
from bench.harness import run
from bench.importing import write_posts

EXPORT = (sys.executable, "-m", "archive.cli", "export", "site")


def main() -> None:
    """Publish archives of two sizes; print the processor's time of each step, and for a post."""
    parser = argparse.ArgumentParser(prog="python -m bench.publishing", description=__doc__)
    parser.add_argument("--posts", type=int, default=20_000)
    most = parser.parse_args().posts
    print(f"{'':30} {'seconds':>8} {'ms/post':>8} {'MB':>6}")
    for posts in (max(1, most // 5), most):
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            write_posts(folder / "posts", posts)
            import_posts(folder / "news", [folder / "posts"])
            site, news, built = (str(folder / name) for name in ("site", "news", "built"))
            for what, command in (
                ("export", (*EXPORT, site, news)),
                ("the same again", (*EXPORT, site, news)),
                ("jekyll build", ("jekyll", "build", "--quiet", "-s", site, "-d", built)),
            ):
                took = run(command)
                each = 1000 * took.processor / posts
                memory = took.peak / 1e6
                name = f"{posts:,}: {what}"
                print(f"{name:30} {took.processor:8.1f} {each:8.2f} {memory:6.0f}", flush=True)


if __name__ == "__main__":
    main()

"""Threads that ask for page and share answer and write a file, as the site's own collector did.

python collector.py ADDRESSES FOLDER
"""

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import requests
from parsel import Selector

AT_ONCE = 16
"""As many as ``settings.fast`` has."""


def collect(url: str, folder: Path, own: threading.local) -> None:
    """One article."""
    if not hasattr(own, "session"):
        own.session = requests.Session()
    page = Selector(own.session.get(url, timeout=30).text)
    code = url.rpartition("/")[2].removesuffix(".html")
    origin = "/".join(url.split("/")[:3])
    answer = own.session.get(f"{origin}/NewsData/GetNewsText.do?id={code}", timeout=30).json()
    title = page.css("section h1::text").get("")
    published = page.css("section > small::text").get("")
    post = f'---\nlayout: post\ntitle: "{title}"\ndate: {published}\n---\n{answer["text"]}'
    (folder / f"{code}.md").write_text(post, encoding="utf-8")


def main() -> None:
    """Print how many articles were kept."""
    addresses, folder = (Path(argument) for argument in sys.argv[1:3])
    folder.mkdir()
    own = threading.local()
    with ThreadPoolExecutor(AT_ONCE) as threads:
        for url in addresses.read_text("ascii").split():
            threads.submit(collect, url, folder, own)
    print(len(list(folder.iterdir())))


if __name__ == "__main__":
    main()

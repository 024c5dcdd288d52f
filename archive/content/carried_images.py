"""Pictures in bodies of a published site that carries their files.

The page shows the site's own file, and behind a ``#``, which browsers do not send, the address that
the picture is from. So posts stay as they were written, and a crawl of the site reads the bodies as
they were.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

_CARRIED = re.compile(r"""(src=["'])[^"'<>#\s]*/media/[0-9a-f]{2}/[0-9a-f]{64}\.[a-z]+#""")


@dataclass(frozen=True, slots=True)
class CarriedPicture:
    """A picture in a body, and the file of it.

    :param written: its address as a body writes it.
    :param path: of its file, below the archive's folder and below the site.
    """

    written: str
    path: str


def with_carried(body: str, pictures: Iterable[CarriedPicture], base: str) -> str:
    """Return a body that shows the site's own files, as `theme/_layouts/post.html` does.

    :param base: the site's address, without a slash at its end.
    """
    for picture in pictures:
        for mark in "\"'":
            ours = f"src={mark}{base}/{picture.path}#{picture.written}{mark}"
            body = body.replace(f"src={mark}{picture.written}{mark}", ours)
    return body


def as_written(body: str) -> str:
    """Return the body of a published page with the pictures as the post writes them."""
    return _CARRIED.sub(r"\1", body)

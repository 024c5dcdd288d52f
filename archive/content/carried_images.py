"""Pictures in the bodies of a published site that has copies of the picture files.

The ``src`` of a picture is the address of the site's own file, followed by ``#`` and the original
address, which browsers do not send. So a crawl of the published site can restore the bodies.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

_CARRIED = re.compile(r"""(src=["'])[^"'<>#\s]*/media/[0-9a-f]{2}/[0-9a-f]{64}\.[a-z]+#""")


@dataclass(frozen=True, slots=True)
class CarriedPicture:
    """A picture in a body, and the file with its copy.

    :param written: address of the picture as the body writes it.
    :param path: of the file, the same below the archive's folder and below the site.
    """

    written: str
    path: str


def with_carried(body: str, pictures: Iterable[CarriedPicture], base: str) -> str:
    """Return a body whose pictures are the site's own files, as in `theme/_layouts/post.html`.

    :param base: address of the site, without a slash at its end.
    """
    for picture in pictures:
        for mark in "\"'":
            ours = f"src={mark}{base}/{picture.path}#{picture.written}{mark}"
            body = body.replace(f"src={mark}{picture.written}{mark}", ours)
    return body


def as_written(body: str) -> str:
    """Return the body of a published page with the original addresses of its pictures."""
    return _CARRIED.sub(r"\1", body)

"""Articles with pictures, and the pictures that an archive stores."""

from pathlib import Path

from demo.pictures import PICTURE_HOST
from demo.replica import Replica
from tests.support.sample_site import REAL, asked, rows

_NUMBERS = (
    *(100000000001, 398032032487, 290075707410, 100000000002, 770873253312),
    *(659047451954, 938184168556, 100000000003, 961648326706, 999999999999),
)

#: The pictures of the sample site, in the order of their requests.
BY_AGE = [f"D{number}_w800h343.jpg" for number in _NUMBERS]

#: The first two are the same bytes, the last one is in two articles.
TWIN, OTHER_TWIN, SHARED = BY_AGE[2], BY_AGE[6], BY_AGE[9]

SHARING = (REAL, "NW202205202300000006")

#: The pictures that the samples do not have.
ADDED = {
    "NW202205202300000121": BY_AGE[0],
    "NW202205202300000078": BY_AGE[3],
    "NW202205202300000013": BY_AGE[7],
    **dict.fromkeys(SHARING, SHARED),
}


def image(name: str) -> str:
    return f"https://{PICTURE_HOST}/download/{name}"


def pictures_asked(replica: Replica) -> list[str]:
    return [url for url in asked(replica, PICTURE_HOST) if "/download/" in url]


def kept(archive: Path) -> dict[str, str]:
    """Return address → path of the pictures in the catalog."""
    sql = "SELECT address, sha256, type FROM pictures"
    suffixes = {"image/jpeg": "jpg", "image/png": "png"}
    return {
        address: f"media/{digest[:2]}/{digest}.{suffixes[kind]}"
        for address, digest, kind in rows(archive, sql)
    }


def missing(archive: Path) -> set[str]:
    sql = "SELECT address FROM illustrations EXCEPT SELECT address FROM pictures"
    return {row[0] for row in rows(archive, sql)}


def files(archive: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(archive)): path.read_bytes()
        for path in (archive / "media").rglob("*")
        if path.is_file()
    }

"""Read the files of versions."""

from pathlib import Path, PurePosixPath

from archive.content import Post, parse_post
from archive.storage import (
    bytes_if_there,
    disk_errors,
    is_place_of_version,
    revision_path,
    sha256,
)


def read_post(folder: Path, path: str, version: int, digest: str) -> Post | None:
    """Read a version of a post from the post's file, or from the file under ``revisions/``.

    :param path: of the post's file, below the archive's folder.
    :param version: number of the version.
    :param digest: SHA-256 of the version, in hexadecimal.
    :returns: None when no file has these bytes.
    :raises ArchiveError: when a file cannot be read.
    """
    if not is_place_of_version(path):
        return None
    place = PurePosixPath(path)
    for each in (place, revision_path(place, version)):
        with disk_errors(folder):
            data = bytes_if_there(folder / each)
        if data is not None and sha256(data) == digest:
            return parse_post(data, place.name)
    return None

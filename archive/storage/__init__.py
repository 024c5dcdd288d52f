"""Read and write the files and SQLite databases of an archive; each write is atomic."""

from archive.storage.closing import Closing
from archive.storage.databases import (
    CATALOG,
    READER,
    TemporaryDatabase,
    connect,
    connect_read_only,
    damage_of,
    identity_of,
    is_damage,
    is_writable,
    named_rows,
    open_catalog,
    plain,
    reading_catalog,
    sqlite_errors,
)
from archive.storage.files import (
    bytes_if_there,
    disk_errors,
    is_archive,
    is_file,
    make_folder,
    make_private_folder,
    names_in,
    publish,
    read_many,
    refuse_link,
    refuse_links,
    refuse_stray,
    require_archive,
    require_file,
    require_folder,
    stage,
    sync_folders,
)
from archive.storage.images import (
    SUFFIXES,
    Picture,
    host_of,
    is_stored_picture,
    media_files,
    media_path,
    media_type,
    picture_of,
)
from archive.storage.lock import ArchiveLock, Holder, holder_of
from archive.storage.paths import (
    is_place_of_version,
    numbered_name,
    post_files,
    post_of_revision,
    real_path,
    revision_files,
    revision_path,
    sha256,
    sha256_if_there,
)

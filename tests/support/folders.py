"""What changed in a folder."""

from pathlib import Path

Look = dict[str, tuple[int, int]]


def look(folder: Path) -> Look:
    """Inode and time of change of every file that readers see."""
    return {
        path.relative_to(folder).as_posix(): (path.stat().st_ino, path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith((".", "catalog.db-"))
    }


def changed(before: Look, after: Look) -> set[str]:
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}

"""What the tests of verify, repair and rebuild share: an archive with everything in it."""

from pathlib import Path

import pytest

from tests.support.catalogs import full_archive


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An archive with everything in it that an archive can have."""
    return full_archive(tmp_path / "news")

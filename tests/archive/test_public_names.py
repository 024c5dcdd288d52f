"""The public names of the package `archive`."""

import subprocess
import sys

import pytest

import archive


def test_each_public_name_is_the_one_of_its_module() -> None:
    for name in archive.__all__:
        assert getattr(archive, name).__name__ == name


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'Nothing'"):
        archive.Nothing  # noqa: B018


def test_the_package_alone_loads_none_of_its_modules() -> None:
    program = "import archive, sys; print(*(m for m in sys.modules if m.startswith('archive.')))"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert loaded.returncode == 0
    assert loaded.stdout == "\n"

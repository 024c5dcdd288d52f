"""Calls of the command `finews` in the process of the test."""

import re

from click.testing import CliRunner, Result

from archive.cli import main

_NAMED = re.compile(rb"^The archive is .* \(the default\)\.\n", re.MULTILINE)


def call(*arguments: str) -> Result:
    """Run `finews`; leave out the line that names the default archive, `news` in this folder."""
    result = CliRunner().invoke(main, arguments)
    result.stderr_bytes = _NAMED.sub(b"", result.stderr_bytes)
    result.output_bytes = _NAMED.sub(b"", result.output_bytes)
    return result

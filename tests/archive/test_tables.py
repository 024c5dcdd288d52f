"""sqlite-utils does not bring pandas into programs that do not use it."""

import subprocess
import sys


def test_an_archive_is_opened_without_pandas() -> None:
    program = (
        "import sys, archive.archive\n"
        "assert 'sqlite_utils' in sys.modules\n"
        "assert not {'pandas', 'numpy'} & sys.modules.keys()\n"
        "import pandas, numpy\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)

"""Import sqlite-utils without pandas and numpy.

sqlite-utils imports both wherever they are installed, to know the types of their values. No row
here has one, and pandas alone takes 0.3 s and 90 MB of each crawl. See ``sqlite_utils/db.py`` of
https://github.com/simonw/sqlite-utils.
"""

import sys

_hidden = {"pandas", "numpy"} - sys.modules.keys()
sys.modules.update(dict.fromkeys(_hidden))  # type: ignore[arg-type] # their import then fails
try:
    from sqlite_utils import Database
    from sqlite_utils.migrations import Migrations
finally:
    for _name in _hidden:
        del sys.modules[_name]

__all__ = ["Database", "Migrations"]

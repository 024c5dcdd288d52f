"""Exports captures as a WACZ file (Web Archive Collection Zipped), which ReplayWeb.page shows.

It is written by this package, in memory that does not grow with the archive: py-wacz wants the WARC
files and the list of pages on the disk first, and its key of an address is by a package under the
AGPL.
"""

from archive.export.wacz.export import export_wacz

__all__ = ["export_wacz"]

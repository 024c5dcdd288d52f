"""Export captures as a WACZ file (Web Archive Collection Zipped), which ReplayWeb.page shows.

This package writes the file itself, in memory that does not grow with the archive. py-wacz needs
the WARC files and the list of pages on disk first, and computes the key of an address with a
package under the AGPL.
"""

from archive.export.wacz.export import export_wacz

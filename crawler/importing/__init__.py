"""Import history: web archives (WARC, WACZ), tables (JSON Lines, CSV), saved lists and pages.

A response is read by its source's declaration, by the page objects of Eastmoney and the mirror, or,
where the user names a source for it, by general extraction. A row of a table is read by the user's
`Mapping`. An article was first seen when its response was captured, and the response is stored in
the archive's own WARC files with that time. A saved file is not stored there: its headers are not
known.

What is archived stays as it is, unless the imported capture is a later one, or has a better body.
Therefore the same import changes nothing the second time, and continues after a kill.
"""

from crawler.importing.mapping import InvalidMapping, load_mapping
from crawler.importing.mapping import Mapping as TableMapping
from crawler.importing.publishers import Publishers
from crawler.importing.rows import is_csv
from crawler.importing.run import FileImport, FilesImported
from crawler.importing.saved_files import SavedFile, read_file

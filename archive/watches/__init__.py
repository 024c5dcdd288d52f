"""Send notices of news, of edits and of failures to people, by channels of Apprise.

A file, ``watches.toml``, names what to watch and to whom to send it. `report` records what has
happened since it last ran, and sends what is due; the ledger of notices is ``reader.db`` in the
archive, so that each notice is sent once, whatever is killed.
"""

from archive.watches.model import WatchFile, load_watches
from archive.watches.notify import notify
from archive.watches.reporting import CRAWL, REFUSED, Failure, Report, report

"""Store what crawls know of hosts, lists and failures between two runs."""

from archive.crawl_state.host_blocks import LONGEST_BLOCK, Block
from archive.crawl_state.retries import GIVEN_UP, Failed, FailedAttempt
from archive.crawl_state.state import CrawlState, StateRows, Validators
from archive.crawl_state.state_file import StateFile, Tables, utc_ms

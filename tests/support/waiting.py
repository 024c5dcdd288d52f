"""Wait for processes to end."""

import time

from tests.support.processes import lives


def wait_until_gone(*processes: int) -> None:
    deadline = time.monotonic() + 30
    while any(map(lives, processes)):
        assert time.monotonic() < deadline
        time.sleep(0.01)

"""Processes that tests start, and that never outlive a test that failed."""

import subprocess
from typing import Any, AnyStr


class Child(subprocess.Popen[AnyStr]):
    """A process that is killed when its `with` block fails, for which `Popen` would wait."""

    def __exit__(self, *failure: Any) -> None:
        if any(failure):
            self.kill()
        super().__exit__(*failure)

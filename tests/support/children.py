"""Processes of tests, which end with a test that fails."""

import subprocess
from typing import Any, AnyStr


class Child(subprocess.Popen[AnyStr]):
    """A process that is killed when its `with` block fails; `Popen` would wait for it."""

    def __exit__(self, *failure: Any) -> None:
        if any(failure):
            self.kill()
        super().__exit__(*failure)

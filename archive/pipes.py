"""Send values through a pipe to a process that this one has started."""

from multiprocessing.connection import Connection
from multiprocessing.reduction import ForkingPickler


def send(pipe: Connection, message: object) -> None:
    """Send a value as `Connection.send` does, but from bytes of its own.

    `Connection.send` sends a view of a buffer. When the pipe is broken, the traceback keeps both,
    and from Python 3.12 on their garbage collection reports an error or crashes
    (https://github.com/python/cpython/issues/111331).

    :raises OSError: when the pipe is broken.
    """
    pipe.send_bytes(bytes(ForkingPickler.dumps(message)))

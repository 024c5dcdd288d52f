"""Report the state of an archive to operators and to Prometheus."""

from archive.monitoring.state import ArchiveState, read_state

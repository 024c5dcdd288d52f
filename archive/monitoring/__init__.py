"""Report the state of an archive to operators and to Prometheus."""

from archive.monitoring.state import ArchiveState, Freshness, freshness_of, read_state

__all__ = ["ArchiveState", "Freshness", "freshness_of", "read_state"]

"""The commands of ``finews`` that work on an archive, one module each."""

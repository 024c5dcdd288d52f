"""The commands of ``finews`` that look after an archive, a module each."""

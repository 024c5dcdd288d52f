"""Measures the archive at a size that matters."""

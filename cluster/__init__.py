"""Crawl on several machines: workers that crawl, one writer of the archive, a broker between them.

Nothing in `archive/` or `crawler/` imports this package: `settings/cluster.py` selects it.
"""

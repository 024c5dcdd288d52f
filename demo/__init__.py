"""Serve a made-up replica of the mirror site, the share API and Eastmoney on loopback.

`python -m demo` archives it with the real crawler; tests use the same modules. They import neither
the crawler nor the archive: their own code generates the expected posts, so that a mistake in the
crawler cannot be repeated here.
"""

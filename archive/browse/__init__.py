"""Serve an archive as web pages: Datasette with templates and plugins for Chinese news."""

import warnings

# Datasette leaves connections to databases in memory to Python, which closes them at once, and
# since 3.13 warns of it.
warnings.filterwarnings("ignore", "unclosed database", ResourceWarning)

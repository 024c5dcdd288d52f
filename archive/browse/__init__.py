"""The face of an archive: Datasette, dressed for reading Chinese news."""

import warnings

# Datasette leaves connections to databases in memory to Python, which closes them at once, and
# since 3.13 warns of it.
warnings.filterwarnings("ignore", "unclosed database", ResourceWarning)

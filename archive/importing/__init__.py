"""Import folders of posts: another archive, or a checkout of the original site's repository.

Each file becomes a version, byte for byte, of the article that its name states, or else its link.
An article that the site published as rolling news and in its media's category has two editions, and
each of them has its own versions. Of several versions of a post

1. one whose body a crawl fetched stays the current one, whatever is imported;
2. of the others, a sound post wins over a broken one; then one that is a post in its source folder
   over one that is a superseded version there; then the one imported later; then the one published
   later; then the larger one; and of the same size, the one with the greater SHA-256.

The rest become superseded versions, the best of them last. So a checkout of today that is imported
over one of yesterday brings the later versions. Within one import nothing depends on the order of
files or folders. Bytes that the archive has already as a version of the article change nothing:
repeating an import does nothing, and repeating one that was killed continues it. A later version
that is not the best is inserted before the current one. The current one gets a new number for that,
and is stored under its old number as well.

What another archive has besides its posts (captures, sources, times) is not imported.
"""

from archive.importing.find_files import FileFinding
from archive.importing.plan import Imported
from archive.importing.run import import_posts

"""Takes in folders of posts: another archive, or a checkout of the original site's repository.

Each file becomes a version of the article that its name says, or else its link, to the byte. An
article that the site published as rolling news and in its media's category has two posts, and each
of them versions of its own. Of several versions of a post

1. one whose body a crawl fetched stays the current one, whatever is imported;
2. of the others, a sound post comes before a broken one; then one that is a post where it comes
   from before one that is a superseded version there; then the one that was imported later; then
   the one that was published later; then the larger one; and of the same size, the one with the
   greater SHA-256.

The rest become superseded versions, the best of them last. So a checkout of today that is imported
over one of yesterday brings the later versions. Within one import nothing depends on the order of
files or folders. Bytes that the archive has already as a version of the article change nothing:
the same import again does nothing, and one that was killed goes on. A version that comes late and
is not the best is put in before the current one, which gets a new number for that and is kept
under its old one, too.

What another archive knows besides its posts (captures, sources, times) is not taken over.
"""

from archive.importing.find_files import FileFinding
from archive.importing.plan import Imported
from archive.importing.run import import_posts

__all__ = ["FileFinding", "Imported", "import_posts"]

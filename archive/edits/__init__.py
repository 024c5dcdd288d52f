"""Find what a publisher changed between two versions of an article."""

from archive.edits.comparison import ComparedVersion, are_alike, edits_between
from archive.edits.edit import Edit, EditClass

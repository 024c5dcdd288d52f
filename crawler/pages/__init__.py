"""Page objects: pure functions of a saved response, one class per page layout."""

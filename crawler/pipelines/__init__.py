"""Item pipelines, in the order of the way that an article takes."""

"""Item pipelines. An article passes normalise, deduplicate and store, in this order."""

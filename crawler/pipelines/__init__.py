"""Item pipelines: articles pass normalise, deduplicate and store; pictures have their own."""

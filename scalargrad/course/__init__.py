"""A course in eight steps: files with gaps in which a learner builds an engine, and the checks of these files."""

"""Where notes come from: MIMIC's files, tables, and a generator of synthetic MIMIC files."""

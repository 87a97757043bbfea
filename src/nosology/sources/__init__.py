"""Where notes come from: MIMIC's files, tables of one's own, and decisions of people."""

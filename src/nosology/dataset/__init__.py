"""A prepared dataset: the folder, how it is written and read, and what was lost on the way to it."""

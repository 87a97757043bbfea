"""A trained run: its folder, and the files in it."""

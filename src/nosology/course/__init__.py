"""A course in medicine: short phrases that teach which category a disease belongs to, before any note is read.

`phrases` says what there is to learn from, `compose` puts phrases into words as notes have them, and `folder` writes
them as a dataset that training reads like any other.
"""

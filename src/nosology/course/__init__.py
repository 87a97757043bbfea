"""A course in medicine: texts that teach which category a disease belongs to, before any real note is read.

`phrases` says what short phrases there are to learn from and `compose` puts them into words as notes have them; `cases`
holds diseases told in fragments, of which `notes` composes whole notes about `people`. `folder` writes all of it as a
dataset that training reads like any other. `demands` are what somebody may write into a note to steer the answer.
"""

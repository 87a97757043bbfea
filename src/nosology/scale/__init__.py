"""Preparation and classification on Ray: the same work as on one machine, cut into partitions.

A partition is one file of the input. Workers read it, do all their work on it and write what comes out of it
themselves; Ray carries the job (settings and addresses), numbers of partitions, and errors that a user can mend. It is
given no note's text, so that none lies in its object store, its spill files, its logs or its dashboard. Training on
several GPUs is not here: that is torchrun's and accelerate's.
"""

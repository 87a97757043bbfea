"""Preparation and classification on Ray: the same work as on one machine, cut into partitions.

A partition is one file of the input. Workers read it, do all their work on it and write what comes out of it
themselves; Ray carries numbers of partitions and counts, never a note's text, so none can lie in its object store, its
spill files, its logs or its dashboard. Training on several GPUs is not here: that is torchrun's and accelerate's.
"""

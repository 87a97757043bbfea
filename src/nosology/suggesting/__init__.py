"""Diagnoses to consider for a note, with the sentences that support them. Decision support, never a diagnosis."""

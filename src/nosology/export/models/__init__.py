"""A run as a model of other programs, with the proof that it answers there as it did here."""

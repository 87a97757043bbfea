"""Detectors: callables from a text to the spans of one kind of identifier."""

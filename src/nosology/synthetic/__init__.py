"""Synthetic MIMIC: notes of invented patients in MIMIC's own file formats, seeded, fast, and not trivially separable.

For development, tests and demonstrations where the real data may not go. Frequencies, findings and courses are
plausible but invented, so no number measured on these notes says anything about medicine.
"""

from nosology.synthetic.identifiers import SPAN_TYPES
from nosology.synthetic.writing import iter_admissions, write_mimic

__all__ = ["SPAN_TYPES", "iter_admissions", "write_mimic"]

"""Results in the forms that other programs read: JSON lines with a schema, and FHIR R4 resources."""

NOTICE = (
    "Suggestions to consider, made from the words of one note by a language model and word statistics. Decision "
    "support for a qualified reader, never a diagnosis; its limits: `nosology suggest --help`"
)
"""Goes with every exported note, so that suggestions never travel without it."""

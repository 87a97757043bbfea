"""Codes, rubrics and categories: what ICD says, and which category a code belongs to."""

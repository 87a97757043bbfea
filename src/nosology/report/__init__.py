"""The report: a finished evaluation as one self-contained page that reads like a results section.

`write_report` reads ``results.json`` and the training log, draws the figures, and fills one template; it computes
nothing. The page loads nothing from anywhere: styles and figures are inside it.
"""

from nosology.report.page import write_report

__all__ = ["write_report"]

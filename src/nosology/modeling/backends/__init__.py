"""Models that run in other programs, behind the scorer's interface."""

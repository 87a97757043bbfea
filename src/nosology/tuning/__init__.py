"""A search for a training's settings: many short trainings, each told by the same validation notes; needs Optuna.

The test split is never read. Optuna is imported where it is used, since it is an extra.
"""

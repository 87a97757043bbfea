"""From raw notes to a dataset: de-identify, normalize, select, split. Never imports torch."""

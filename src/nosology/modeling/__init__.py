"""The language model: loading it, cutting prompts into token segments, token trees, scoring answers."""

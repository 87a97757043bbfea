"""Reporting forms for reviewers, filled from a run: what it knows is written in, the rest is left to the author.

Beside the page, in ``cards/``: a model card as Hugging Face reads it, the TRIPOD+AI and TRIPOD-LLM checklists, and a
card after the Coalition for Health AI's. Nothing is guessed; an item that a run cannot know says "Author must supply",
and searching for these words finds all that is left to do.
"""

from jinja2 import Environment

from nosology.runs.manifest import RunManifest
from nosology.runs.results import Results

CARDS = ("MODEL_CARD.md", "TRIPOD-AI.md", "TRIPOD-LLM.md", "CHAI.md")
AUTHOR_MUST_SUPPLY = "Author must supply"


def render_cards(
    results: Results, manifest: RunManifest, environment: Environment, *, caution: str = ""
) -> dict[str, str]:
    """Return the text of every card by file name.

    Args:
        results: One evaluation.
        manifest: The run's.
        environment: Has the page's filters; texts are not escaped, because a card is no HTML.
        caution: What must be known beside every answer of the run.
    """
    return {
        name: environment.get_template(f"cards/{name}.jinja")
        .render(
            results=results,
            systems={"ensemble": None, "encoder": None} | dict(results.systems),
            tuned=results.systems.get("tuned"),
            provenance=results.provenance,
            manifest=manifest,
            caution=caution,
        )
        .lstrip()
        for name in CARDS
    }

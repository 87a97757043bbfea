"""From a prepared note to a ranked list of rubrics."""

import numpy as np

from nosology.modeling.encoding import EncodedNote
from nosology.modeling.titles import TitleScorer
from nosology.records import Suggestion, Suggestions
from nosology.rubrics import RubricTable


class Suggester:
    """Ranks the rubrics of a table under notes."""

    def __init__(self, scorer: TitleScorer, table: RubricTable, categories: tuple[str, ...]) -> None:
        """Take the scorer of the table's titles.

        Args:
            scorer: Scores the titles of `table`, in its order.
            table: What can be suggested.
            categories: Category names, in label-set order.
        """
        self._scorer = scorer
        self._table = table
        place = {name: index for index, name in enumerate(categories)}
        self._category = np.array([place[rubric.category] for rubric in table.rubrics], np.int64)

    def suggest(self, note: EncodedNote, k: int) -> Suggestions:
        """Return the `k` most probable rubrics of one note."""
        scores = self._scorer.scores(note)
        main = np.nan_to_num(np.exp(scores.categories[self._category] + scores.titles), nan=0.0)
        order = np.argsort(-main, kind="stable")[:k]
        items = tuple(self._suggestion(int(place), float(main[place])) for place in order)
        none = max(0.0, 1 - sum(item.probability for item in items))
        return Suggestions(items, none, scores.mass_left_out, len(self._table), is_calibrated=False)

    def _suggestion(self, place: int, main: float) -> Suggestion:
        rubric = self._table.rubrics[place]
        return Suggestion(
            rubric.code, rubric.version, rubric.title, rubric.category, main, main, is_seen=rubric.n_notes > 0
        )

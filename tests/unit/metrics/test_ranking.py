"""How good a ranking is, by hand."""

import numpy as np

from nosology import metrics


def test_ranking_metrics_by_hand() -> None:
    truth = np.array([[True, False, True, False], [False, False, False, True], [False] * 4])
    scores = np.array([[0.1, 0.9, 0.8, 0.2], [0.4, 0.3, 0.2, 0.1], [1.0, 0.0, 0.0, 0.0]])
    right = metrics.ranked_truth(scores, truth)
    assert right.tolist() == [[False, True, False, True], [False, False, False, True], [False] * 4]
    assert metrics.hit_rate(right, 1).tolist() == [0, 0, 0]
    assert metrics.hit_rate(right, 2).tolist() == [1, 0, 0]
    assert metrics.recall(right, 2).tolist() == [0.5, 0, 0]
    assert metrics.reciprocal_rank(right).tolist() == [0.5, 0.25, 0]
    assert metrics.average_precision(right).tolist() == [(1 / 2 + 2 / 4) / 2, 0.25, 0]

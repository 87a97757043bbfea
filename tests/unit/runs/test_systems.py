"""The table of evaluated systems."""

from nosology.config import EvaluateConfig
from nosology.runs.systems import BASE_SYSTEMS, BASELINES, ON_DEMAND, SYSTEMS


def test_the_configuration_scores_every_system_but_the_slow_ones_unless_told_otherwise() -> None:
    assert EvaluateConfig().systems == tuple(name for name in SYSTEMS if name not in ON_DEMAND)


def test_only_the_base_model_answers_in_several_readings_each_once() -> None:
    readings = [SYSTEMS[name].reading for name in BASE_SYSTEMS]
    assert sorted(filter(None, readings)) == ["length", "lenient", "none", "prior", "strict"]
    assert all(system.reading is None for name, system in SYSTEMS.items() if name not in BASE_SYSTEMS)


def test_systems_without_a_language_model_are_the_baselines() -> None:
    assert BASELINES == ("majority", "tfidf", "tfidf_all", "tfidf_parts", "tfidf_knowledge")

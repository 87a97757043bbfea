"""The forms for reviewers: filled from the run, honest about what it cannot know, complete, and without note text."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from evaluation_world import CATEGORIES, Loader, write_dataset, write_run
from nosology.config import EvaluateConfig
from nosology.evaluation import evaluate
from nosology.files import read_json
from nosology.report import write_report
from nosology.report.cards import AUTHOR_MUST_SUPPLY, CARDS

TRIPOD_AI_ITEMS = (
    "1 2 3a 3b 3c 4 5a 5b 6a 6b 6c 7 8a 8b 8c 9a 9b 9c 10 11 12a 12b 12c 12d 12e 12f 12g 13 14 15 16 17 "
    "18a 18b 18c 18d 18e 18f 19 20a 20b 20c 21 22 23a 23b 24 25 26 27a 27b 27c"
)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A run that was evaluated and reported: its folder, its cards by name, and its results."""
    folder = tmp_path_factory.mktemp("cards")
    dataset = write_dataset(folder / "dataset", {"train": 60, "validation": 60, "test": 60})
    run = write_run(folder / "run", dataset, n_train=50)
    config = EvaluateConfig(
        bootstrap_samples=100, systems=("majority", "tfidf", "base_lenient", "base", "tuned", "ensemble")
    )
    results = evaluate(run, config=config, load=Loader())
    write_report(run)
    return run, {name: (run / "report" / "cards" / name).read_text() for name in CARDS}, results


def rows(card: str) -> Any:
    """Return the cells of every row of a card's first table, by its first cell."""
    lines = [line for line in card.splitlines() if line.startswith("| ")]
    return {line.split(" | ")[0].strip("| "): line for line in lines}


@pytest.mark.parametrize("name", CARDS)
def test_every_card_says_what_the_author_must_supply_and_nothing_unfilled(world: Any, name: str) -> None:
    card = world[1][name]
    assert AUTHOR_MUST_SUPPLY in card
    assert not any(token in card for token in ("{{", "{%", "None |", "Undefined"))


@pytest.mark.parametrize("name", CARDS)
def test_every_card_states_the_accuracy_that_was_measured(world: Any, name: str) -> None:
    _, cards, results = world
    assert f"{100 * results['systems']['tuned']['accuracy']:.1f}%" in cards[name]
    assert f"{100 * results['systems']['tfidf']['accuracy']:.1f}%" in cards[name]


@pytest.mark.parametrize("name", CARDS)
def test_no_card_holds_note_text(world: Any, name: str) -> None:
    assert not any(word in world[1][name] for word in ("infarction", "dyspnea", "melena", "pruritus"))


def test_the_tripod_ai_checklist_has_all_its_items(world: Any) -> None:
    assert set(TRIPOD_AI_ITEMS.split()) <= rows(world[1]["TRIPOD-AI.md"]).keys()


def test_the_tripod_llm_checklist_has_all_its_nineteen_items(world: Any) -> None:
    found = {item.rstrip("abcdefg") for item in rows(world[1]["TRIPOD-LLM.md"])}
    assert {str(number) for number in range(1, 20)} <= found


def test_the_model_cards_head_is_yaml_that_a_program_reads(world: Any) -> None:
    run, cards, results = world
    head = yaml.safe_load(cards["MODEL_CARD.md"].split("---")[1])
    assert head["base_model"] == read_json(run / "manifest.json")["model"]["name"]
    accuracies = [item["metrics"][0]["value"] for item in head["model-index"][0]["results"]]
    assert accuracies == [
        pytest.approx(results["systems"][name]["accuracy"], abs=1e-4) for name in ("tuned", "ensemble")
    ]


def test_cards_name_every_category_and_every_group(world: Any) -> None:
    card = world[1]["MODEL_CARD.md"]
    assert all(name in card for name in CATEGORIES)
    assert "| sex | F |" in card


def test_a_run_without_tuned_model_still_gets_its_cards(tmp_path: Path) -> None:
    dataset = write_dataset(tmp_path / "dataset", {"train": 40, "validation": 40, "test": 20})
    run = write_run(tmp_path / "run", dataset, n_train=40)
    evaluate(run, config=EvaluateConfig(bootstrap_samples=100, systems=("majority",)), load=Loader())
    write_report(run)
    assert "the tuned model was not evaluated" in (run / "report" / "cards" / "CHAI.md").read_text()

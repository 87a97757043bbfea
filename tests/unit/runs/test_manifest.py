"""The schema of a run's manifest: what it demands and refuses, and how runs of earlier versions are read."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from evaluation_world import write_dataset, write_run
from nosology.files import read_json
from nosology.runs.manifest import RunManifest, StartingRun, Timings, TrainedModel, TrainingDataset


@pytest.fixture(scope="module")
def values(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The plain values of a manifest."""
    folder = tmp_path_factory.mktemp("manifest")
    run = write_run(folder / "run", write_dataset(folder / "dataset", {"train": 6, "test": 2}), n_train=6)
    found: dict[str, Any] = read_json(Path(run) / "manifest.json")
    return found


def test_a_manifest_comes_back_from_json_as_it_was(values: dict[str, Any]) -> None:
    found = RunManifest.model_validate(values)
    assert RunManifest.model_validate_json(found.model_dump_json()) == found
    assert (found.kind, found.format) == ("run", 1)
    assert found.timings == Timings(train_seconds=12.5)


OPTIONAL = {"kind", "format", "start", "notes_at_once", "packed"}


@pytest.mark.parametrize("name", sorted(RunManifest.model_fields.keys() - OPTIONAL))
def test_every_fact_must_be_there(values: dict[str, Any], name: str) -> None:
    with pytest.raises(ValidationError) as caught:
        RunManifest.model_validate({key: value for key, value in values.items() if key != name})
    assert (name,) in {error["loc"] for error in caught.value.errors()}


def test_what_earlier_versions_did_not_write_has_its_default(values: dict[str, Any]) -> None:
    found = RunManifest.model_validate({key: value for key, value in values.items() if key not in OPTIONAL})
    assert (found.start, found.notes_at_once) == (None, None)


@pytest.mark.parametrize(
    ("part", "record"), [("dataset", TrainingDataset), ("model", TrainedModel), ("timings", Timings)]
)
def test_each_part_refuses_what_it_does_not_know(values: dict[str, Any], part: str, record: Any) -> None:
    with pytest.raises(ValidationError, match="Extra inputs"):
        record.model_validate(values[part] | {"surprise": 1})
    with pytest.raises(ValidationError, match=f"{part}.surprise"):
        RunManifest.model_validate(values | {part: values[part] | {"surprise": 1}})


@pytest.mark.parametrize("changes", [{"kind": "dataset"}, {"format": 0}, {"format": 2}, {"note": "x"}])
def test_another_kind_format_or_field_is_refused(values: dict[str, Any], changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        RunManifest.model_validate(values | changes)


@pytest.mark.parametrize("shortening", ["middle", "sections"])
def test_a_shortening_that_was_recorded_is_kept(values: dict[str, Any], shortening: str) -> None:
    config = values["config"] | {"model": values["config"]["model"] | {"shortening": shortening}}
    assert RunManifest.model_validate(values | {"config": config}).config.model.shortening == shortening


def test_reading_an_earlier_run_leaves_the_values_that_were_given_as_they_are(values: dict[str, Any]) -> None:
    model = {key: value for key, value in values["config"]["model"].items() if key != "shortening"}
    given = values | {"config": values["config"] | {"model": model}}
    assert RunManifest.model_validate(given).config.model.shortening == "middle"
    assert "shortening" not in given["config"]["model"]


@pytest.mark.parametrize("broken", [None, [], "run", {"config": None}, {"config": {"model": "tiny"}}])
def test_what_is_no_manifest_is_refused_and_breaks_nothing(broken: Any) -> None:
    with pytest.raises(ValidationError):
        RunManifest.model_validate(broken)


def test_a_starting_run_is_named_by_its_hashes() -> None:
    start = StartingRun(run="first", adapter_sha256="a" * 64, manifest_sha256="b" * 64, n_train_notes=7)
    assert StartingRun.model_validate_json(start.model_dump_json()) == start
    with pytest.raises(ValidationError, match="frozen"):
        start.run = "second"  # type: ignore[misc]

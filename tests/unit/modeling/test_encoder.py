"""Encoders: what is taken for one, what is refused, and how much they read."""

import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import RobertaConfig, RobertaForSequenceClassification, T5Config

from nosology.errors import ModelError
from nosology.modeling.encoder import find_encoder, load_encoder, max_tokens
from tiny_encoders import save_tiny_encoder, wordpiece_tokenizer
from tiny_models import save_tiny_model

TEXTS = ["chest pain and infarction", "cough, dyspnea and sputum"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole tiny encoder."""
    return save_tiny_encoder(tmp_path_factory.mktemp("encoder") / "tiny", TEXTS)


@pytest.fixture
def copied(made: Path, tmp_path: Path) -> Path:
    """A copy of it to spoil."""
    return Path(shutil.copytree(made, tmp_path / "copy"))


def test_a_folder_is_found_and_its_body_is_loaded_as_it_is(made: Path) -> None:
    found = find_encoder(str(made))
    model = load_encoder(found, 3)
    stored = load_file(made / "model.safetensors")
    own = model.state_dict()
    assert all(torch.equal(own[name], stored[name]) for name in own if name.startswith("bert.encoder."))
    assert (model.config.num_labels, found.revision, len(found.weights_sha256)) == (3, None, 64)


def test_an_earlier_head_makes_way_for_one_of_the_label_set(made: Path, tmp_path: Path) -> None:
    found = find_encoder(str(made))
    load_encoder(found, 5).save_pretrained(tmp_path)
    found.tokenizer.save_pretrained(tmp_path)
    assert load_encoder(find_encoder(str(tmp_path)), 2).classifier.weight.shape == (2, 32)


def test_a_decoder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no encoder but a model of type llama") as caught:
        find_encoder(str(save_tiny_model(tmp_path)))
    assert "evaluate.encoder" in caught.value.hint
    assert caught.value.place == str(tmp_path)


def test_an_encoder_with_a_decoder_behind_it_is_refused(tmp_path: Path) -> None:
    T5Config(vocab_size=50).save_pretrained(tmp_path)
    with pytest.raises(ModelError, match="a model of type t5"):
        find_encoder(str(tmp_path))


def test_a_model_without_a_tokenizer_is_refused(copied: Path) -> None:
    for file in copied.glob("token*"):
        file.unlink()
    with pytest.raises(ModelError, match="has no tokenizer") as caught:
        find_encoder(str(copied))
    assert "tokenizer.json" in caught.value.hint


def test_pickled_weights_are_refused(copied: Path) -> None:
    (copied / "model.safetensors").rename(copied / "pytorch_model.bin")
    with pytest.raises(ModelError, match="no weights as safetensors") as caught:
        find_encoder(str(copied))
    assert "run code" in caught.value.hint


def test_weights_that_lack_a_layer_are_refused_and_not_made_up(copied: Path) -> None:
    weights = copied / "model.safetensors"
    kept = {name: tensor for name, tensor in load_file(weights).items() if ".layer.1.attention.self." not in name}
    save_file(kept, weights, metadata={"format": "pt"})
    with pytest.raises(ModelError, match=r"lack 6 of the encoder's tensors, bert\.encoder\.layer\.1"):
        load_encoder(find_encoder(str(copied)), 2)


def test_damaged_weights_are_refused(copied: Path) -> None:
    (copied / "model.safetensors").write_bytes(b"no tensors")
    with pytest.raises(ModelError, match="cannot load this encoder"):
        load_encoder(find_encoder(str(copied)), 2)


def test_a_tokenizer_of_another_model_is_refused(copied: Path) -> None:
    other = wordpiece_tokenizer(TEXTS)
    other.add_tokens([f"word{i}" for i in range(500)])
    other.save_pretrained(copied)
    with pytest.raises(ModelError, match="knows more tokens than the encoder"):
        load_encoder(find_encoder(str(copied)), 2)


def test_a_name_that_nothing_has_says_what_to_do_offline() -> None:
    with pytest.raises(ModelError, match="the Hub gave no such model") as caught:
        find_encoder("no/such-encoder")
    assert "or give a folder" in caught.value.hint


def test_an_encoder_reads_as_far_as_its_positions_and_its_tokenizer_go(made: Path) -> None:
    found = find_encoder(str(made))
    model = load_encoder(found, 2)
    assert max_tokens(model, found.tokenizer) == 64
    found.tokenizer.model_max_length = 40
    assert max_tokens(model, found.tokenizer) == 40


def test_the_positions_that_roberta_keeps_for_padding_do_not_count(made: Path) -> None:
    config = RobertaConfig(
        vocab_size=40,
        hidden_size=8,
        num_hidden_layers=1,
        num_attention_heads=1,
        intermediate_size=8,
        max_position_embeddings=34,
        pad_token_id=1,
    )
    model = RobertaForSequenceClassification(config)
    assert max_tokens(model, find_encoder(str(made)).tokenizer) == 32
    model(input_ids=torch.full((1, 32), 5))  # and so many it reads
    with pytest.raises(RuntimeError, match="out of bounds"):
        model(input_ids=torch.full((1, 33), 5))

"""The transformer detector, on a tiny classifier whose weights are set by hand: some words are names, others places."""

import pickle
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import BertConfig, BertForTokenClassification, PreTrainedTokenizerFast

from nosology.deidentification import default_detectors, deidentify
from nosology.errors import ModelError
from nosology.modeling.token_classifier import TokenClassifier, span_type_of
from nosology.records import Span

WORDS = ("[PAD]", "[UNK]", "fever", "seen", "by", "Jane", "Roe", "in", "Leeds", "aged", "94", "44", ".")
LABELS = ("O", "B-PATIENT", "I-PATIENT", "B-CITY", "B-AGE", "B-MISC")
LABEL_OF = {"Jane": 1, "Roe": 2, "Leeds": 3, "94": 4, "44": 4, "fever": 5}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A classifier that looks a word's label up: the embedding goes through unchanged, the head reads it off."""
    folder = tmp_path_factory.mktemp("classifier")
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]", model_max_length=16
    ).save_pretrained(folder)
    config = BertConfig(
        vocab_size=len(WORDS),
        hidden_size=16,
        num_hidden_layers=0,
        num_attention_heads=1,
        intermediate_size=4,
        max_position_embeddings=16,
        id2label=dict(enumerate(LABELS)),
        label2id={label: i for i, label in enumerate(LABELS)},
    )
    model = BertForTokenClassification(config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
        model.bert.embeddings.LayerNorm.weight.fill_(1)
        model.bert.embeddings.word_embeddings.weight[:, : len(WORDS)] = torch.eye(len(WORDS))
        for i, word in enumerate(WORDS):
            model.classifier.weight[LABEL_OF.get(word, 0), i] = 1
    model.save_pretrained(folder)
    return folder


def found(folder: Path, text: str) -> list[tuple[str, str]]:
    return [(text[s.start : s.end], s.type) for s in TokenClassifier.load(str(folder))(text)]


def test_entities_become_whole_spans_of_our_types(folder: Path) -> None:
    text = "fever . seen by Jane Roe in Leeds ."
    assert found(folder, text) == [("Jane Roe", "NAME"), ("Leeds", "LOCATION")]


def test_an_age_counts_above_89_only(folder: Path) -> None:
    assert found(folder, "aged 44 . aged 94 .") == [("94", "AGE90")]


def test_a_note_longer_than_the_model_is_read_to_its_end(folder: Path) -> None:
    text = "fever . " * 40 + "seen by Jane Roe ." + " fever ." * 40
    assert found(folder, text) == [("Jane Roe", "NAME")]


def test_an_empty_note_holds_nothing(folder: Path) -> None:
    assert found(folder, " \n") == []


def test_it_works_beside_the_default_detectors_and_travels_to_worker_processes(folder: Path) -> None:
    detector = pickle.loads(pickle.dumps(TokenClassifier.load(str(folder))))
    result = deidentify("seen by Jane Roe on 3/4/2019", detectors=(*default_detectors(), detector))
    assert result.text == "seen by <NAME> on <DATE>"
    assert result.spans == (Span(8, 16, "NAME"), Span(20, 28, "DATE"))


@pytest.mark.parametrize(
    ("entity", "kind"),
    [
        ("B-PER", "NAME"),
        ("I-DOCTOR", "NAME"),
        ("HOSP", "HOSPITAL"),
        ("L-PATORG", "ORG"),
        ("MEDICALRECORD", "ID"),
        ("O", None),
        ("B-MISC", None),
        ("B-SOMETHING_NEW", "OTHER"),
    ],
)
def test_entity_names_of_the_usual_corpora_are_known(entity: str, kind: str | None) -> None:
    assert span_type_of(entity) == kind


def test_a_folder_without_a_model_is_refused_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot load this token classifier"):
        TokenClassifier.load(str(tmp_path))

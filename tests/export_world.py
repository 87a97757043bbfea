"""Finished runs to export: a tiny Llama 3 with an adapter that matters, made in a second, without training."""

import json
from pathlib import Path
from typing import Any

import torch

from nosology.coding.labels import LabelSet
from nosology.coding.rubrics import RubricTable
from nosology.config import Config
from nosology.dataset.folder import codes_of, open_dataset
from nosology.files import as_json, sha256_file, sha256_text, write_json, write_text
from nosology.modeling.adapters import attach_lora
from nosology.modeling.encoding import PromptEncoder
from nosology.modeling.loading import load_model
from nosology.modeling.prompts import PromptTemplate
from nosology.runs.files import RunFiles
from nosology.runs.integrity import record
from nosology.runs.manifest import RunManifest, Timings, TrainedModel, TrainingDataset

CATEGORIES = ("Infectious Disease", "Neoplasms", "Injuries/Poisonings", "Skin Disorders")


def write_adapted_run(
    folder: Path, model: Path, *, config: dict[str, Any] | None = None, source: str = "table", codes: Path | None = None
) -> Path:
    """Write a finished run whose adapter holds random values of the size that training gives, and return its folder.

    With `codes`, a dataset of coded notes, it was trained on that, and knows its labels and rubrics.
    """
    files = RunFiles(folder)
    folder.mkdir(parents=True)
    given = {"model": {"name": str(model)}, "train": {"lora_r": 4, "lora_alpha": 8} | (config or {}).get("train", {})}
    settings = Config.model_validate(given)
    labels = LabelSet.load(codes / "labels.tsv" if codes else _labels(folder))
    if codes:
        labels.save(files.labels)
    template = PromptTemplate.load(settings.model.prompt)
    files.prompt.write_text(template.source, encoding="utf-8")
    loaded = load_model(str(model))
    encoder = PromptEncoder(loaded.tokenizer, template, labels.names)
    is_head = settings.train.head == "classification"
    adapted = attach_lora(
        loaded,
        r=settings.train.lora_r,
        alpha=settings.train.lora_alpha,
        dropout=0.0,
        targets=settings.train.lora_targets,
        head_tokens=[answer[0] for answer in encoder.answers] if is_head else None,
        seed=1,
    )
    torch.manual_seed(2)
    for name, parameter in adapted.named_parameters():
        if "lora_B" in name or "modules_to_save" in name:
            parameter.data.add_(0.2 * torch.randn_like(parameter))
    adapted.save_pretrained(files.adapter)
    note_ids = open_dataset(codes).split("train")["note_id"].to_list() if codes else ["n1", "n2"]
    if codes:
        RubricTable.shipped(labels, [9]).counted(codes_of(open_dataset(codes).split("train"))).save(files.rubrics)
    write_json(files.train_notes, {"note_ids": note_ids})
    dataset = (codes or folder.parent / "dataset") / "manifest.json"
    if not dataset.exists():
        write_json(dataset, {"kind": "dataset", "format": 1, "source": {"kind": source}})
    manifest = RunManifest(
        dataset=TrainingDataset(
            path=str(dataset.parent),
            manifest_sha256=sha256_file(dataset),
            preparation=settings.prepare,
            n_train=len(note_ids),
        ),
        labels_sha256=labels.sha256,
        prompt_sha256=template.sha256,
        model=TrainedModel(
            name=loaded.name,
            revision=None,
            weights_sha256=loaded.weights_sha256,
            n_parameters=loaded.n_parameters,
            n_trainable=1,
        ),
        adapter_sha256=sha256_file(files.adapter_weights),
        n_train_notes=len(note_ids),
        train_note_ids_sha256=sha256_text("\n".join(note_ids)),
        n_steps=1,
        best_step=None,
        config=settings,
        environment={"python": "3.11"},
        timings=Timings(train_seconds=1.0),
    )
    text = as_json(json.loads(manifest.model_dump_json()))
    record(files, loaded.files, manifest=text)
    write_text(files.manifest, text)
    return folder


def _labels(folder: Path) -> str:
    path = folder / "labels.tsv"
    path.write_text("category\n" + "".join(f"{name}\n" for name in CATEGORIES), encoding="utf-8")
    return str(path)

"""What the trainings of the small networks share: layers, the mean of the latest weights, and how they are written."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from nosology.tagging.network import NEIGHBOURS

LEARNING_RATE = 4e-3
WARM_UP = 60  # steps
MEAN_DECAY = 0.99
LAST_RATE = 0.05  # of the learning rate, at the last step


def around(values: torch.Tensor, offsets: tuple[int, ...]) -> torch.Tensor:
    """Return each row with the rows at these offsets beside it."""
    reach = max(offsets)
    padded = functional.pad(values, (0, 0, reach, reach))
    return torch.cat([padded[reach + offset : reach + offset + len(values)] for offset in offsets], dim=1)


class Convolutions(nn.Module):
    """The layers of `nosology.tagging.network.convolved`, as torch trains them.

    Args:
        size: Length of an item's vector.
        hidden: Length of a hidden vector.
        outputs: Scores of an item.
        dilations: How far apart the neighbours of each further convolution are.
    """

    def __init__(self, size: int, hidden: int, outputs: int, dilations: tuple[int, ...]) -> None:
        super().__init__()
        self.dilations = dilations
        self.first = nn.Linear(len(NEIGHBOURS) * size, hidden)
        self.further = nn.ModuleList(nn.Linear(3 * hidden, hidden) for _ in dilations)
        self.last = nn.Linear(hidden, outputs)
        self.dropout = nn.Dropout(0.1)

    def forward(self, inputs: torch.Tensor, real: torch.Tensor, kept: torch.Tensor | None = None) -> torch.Tensor:
        """Return the scores of one long row of examples with padding between them.

        Args:
            inputs: Shape ``(items, size)``.
            real: 1 for an item, 0 for padding. Shape ``(items, 1)``.
            kept: What is added to the first convolution's output; None for nothing.
        """
        hidden = torch.relu(self.first(around(inputs, NEIGHBOURS))) * real
        hidden = hidden if kept is None else hidden + kept
        for layer, step in zip(self.further, self.dilations, strict=True):
            hidden = (hidden + torch.relu(layer(around(self.dropout(hidden), (-step, 0, step))))) * real
        scores: torch.Tensor = self.last(hidden)
        return scores

    def layers(self) -> dict[str, nn.Linear]:
        """Return the layers by the names they are written under."""
        further = {f"further{number}": layer for number, layer in enumerate(self.further)}
        return {"first": self.first, "last": self.last} | further  # type: ignore[return-value]


def train(
    net: nn.Module, loss_of: Callable[[int], torch.Tensor], n_steps: int, rate: float = LEARNING_RATE
) -> nn.Module:
    """Train a network and return the mean of its latest weights.

    Args:
        net: The network.
        loss_of: The loss of one batch, by the number of the step.
        n_steps: How many batches to learn from.
        rate: Learning rate, reached after `WARM_UP` steps.
    """
    mean_net = torch.optim.swa_utils.AveragedModel(
        net, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(MEAN_DECAY)
    )
    optimizer = torch.optim.AdamW(net.parameters(), lr=rate, betas=(0.9, 0.99), weight_decay=1e-4)
    scheduler = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min(1.0, (step + 1) / WARM_UP) * (1 - (1 - LAST_RATE) * step / n_steps)
    )
    started, mean = time.monotonic(), 0.0
    for step in range(n_steps):
        loss = loss_of(step)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        scheduler.step()
        mean_net.update_parameters(net)
        mean += (float(loss.detach()) - mean) * max(0.02, 1 / (step + 1))
        if (step + 1) % 250 == 0:
            print(f"{step + 1}/{n_steps} loss {mean:.4f} {time.monotonic() - started:.0f} s", flush=True)
    found: nn.Module = mean_net.module.eval()
    return found


def save(path: Path, table: nn.Parameter, others: dict[str, nn.Parameter], layers: dict[str, nn.Linear]) -> None:
    """Write weights: the table with 8 bits a number and a scale a row, the rest with 16.

    Args:
        path: The file.
        table: Vectors of the features; row 0 is written as zeros.
        others: Further tables by name.
        layers: Linear layers by name.
    """
    vectors = table.detach().numpy().copy()
    vectors[0] = 0
    scale = np.maximum(np.abs(vectors).max(axis=1), 1e-6) / 127
    arrays = {"table": np.round(vectors / scale[:, None]).astype(np.int8), "table_scale": scale}
    arrays |= {name: other.detach().numpy() for name, other in others.items()}
    for name, layer in layers.items():
        arrays[name] = layer.weight.detach().numpy().T.copy()
        arrays[f"{name}_bias"] = layer.bias.detach().numpy()
    arrays = {name: array if array.dtype == np.int8 else array.astype(np.float16) for name, array in arrays.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(path, **arrays)
    print(f"{path}: {path.stat().st_size:,} bytes")


Parts = tuple[nn.Parameter, dict[str, nn.Parameter], dict[str, nn.Linear]]
"""What is written of a network: the table of its features' vectors, further tables by name, layers by name."""


class Written(nn.Module, ABC):
    """A network that can be written and read."""

    @abstractmethod
    def parts(self) -> Parts:
        """Return what is written of it."""


def loaded(path: Path, make: Callable[[int, int], Written]) -> Written:
    """Return a network that `save` wrote.

    Args:
        path: The file.
        make: Makes one of a size of vectors and a hidden size.
    """
    with np.load(path) as stored:
        arrays = {name: torch.from_numpy(stored[name].astype(np.float32)) for name in stored.files}
    net = make(arrays["table"].shape[1], len(arrays["first_bias"]))
    table, others, layers = net.parts()
    with torch.no_grad():
        table.copy_(arrays["table"] * arrays["table_scale"][:, None])
        for name, other in others.items():
            other.copy_(arrays[name])
        for name, layer in layers.items():
            layer.weight.copy_(arrays[name].T)
            layer.bias.copy_(arrays[f"{name}_bias"])
    return net.eval()

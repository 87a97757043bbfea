"""Values that resemble identifiers but are not: doses, scores, gestations, levels, readings, durations."""

from __future__ import annotations

import random
import tomllib
from collections.abc import Callable
from pathlib import Path

with (Path(__file__).resolve().parent / "data" / "lookalikes.toml").open("rb") as _handle:
    FIXED: dict[str, list[str]] = tomllib.load(_handle)
LABS: list[tuple[str, Callable[[random.Random], str]]] = [
    ("Na", lambda r: str(r.randint(124, 146))),
    ("K", lambda r: f"{r.uniform(2.9, 5.9):.1f}"),
    ("Hb", lambda r: r.choice([f"{r.uniform(7.1, 15.5):.1f}", str(r.randint(71, 155))])),
    ("CRP", lambda r: str(r.randint(2, 240))),
    ("WCC", lambda r: f"{r.uniform(3.2, 19.8):.1f}"),
    ("plt", lambda r: str(r.randint(88, 460))),
    ("creat", lambda r: str(r.randint(52, 312))),
    ("eGFR", lambda r: str(r.randint(14, 90))),
    ("INR", lambda r: f"{r.uniform(1, 4.6):.1f}"),
    ("HbA1c", lambda r: f"{r.uniform(5.4, 11.8):.1f}%"),
    ("lactate", lambda r: f"{r.uniform(0.8, 5.2):.1f}"),
    ("TSH", lambda r: f"{r.uniform(0.1, 9.9):.2f}"),
    ("trop", lambda r: f"{r.randint(4, 60)}→{r.randint(8, 190)}"),
    ("ferritin", lambda r: str(r.randint(6, 620))),
    ("D-dimer", lambda r: str(r.randint(180, 2400))),
    ("BNP", lambda r: str(r.randint(60, 4100))),
    ("pH", lambda r: f"7.{r.randint(21, 47)}"),
    ("glucose", lambda r: f"{r.uniform(3.4, 19.9):.1f}"),
    ("ALT", lambda r: str(r.randint(12, 410))),
]


def blood_pressure(rng: random.Random) -> str:
    """A blood pressure."""
    return f"{rng.randint(88, 188)}/{rng.randint(48, 104)}"


def reading(kind: str, rng: random.Random) -> str | None:
    """Draws one lookalike value.

    Args:
        kind: The slot name.
        rng: Source of chance.

    Returns:
        The value, or None when the slot is not a lookalike.
    """
    if kind in FIXED:
        return rng.choice(FIXED[kind])
    if kind == "rx":
        return " ".join((rng.choice(FIXED["drug"]), rng.choice(FIXED["freq"])))
    if kind == "rxs":
        return ", ".join(d + " " + rng.choice(FIXED["freq"]) for d in rng.sample(FIXED["drug"], rng.randint(2, 4)))
    if kind == "bp":
        return blood_pressure(rng)
    if kind == "hr":
        return str(rng.randint(52, 128))
    if kind == "rr":
        return str(rng.randint(12, 32))
    if kind == "sats":
        return f"{rng.randint(88, 99)}%"
    if kind == "temp":
        return f"{rng.uniform(35.8, 39.2):.1f}"
    if kind == "wt":
        return f"{rng.uniform(44, 118):.1f} kg"
    if kind == "lab":
        name, draw = rng.choice(LABS)
        return f"{name} {draw(rng)}"
    if kind == "labs":
        return ", ".join(f"{name} {draw(rng)}" for name, draw in rng.sample(LABS, rng.randint(2, 4)))
    if kind == "obs":
        value = {key: reading(key, rng) for key in ("bp", "hr", "rr", "sats", "temp")}
        return rng.choice(
            [
                f"BP {value['bp']}, HR {value['hr']}, RR {value['rr']}, SpO2 {value['sats']} RA, T {value['temp']}",
                f"T {value['temp']} P {value['hr']} R {value['rr']} BP {value['bp']} sats {value['sats']}",
                f"obs: {value['bp']}, {value['hr']} reg, {value['rr']}, {value['sats']} on 2L, {value['temp']}°C",
                f"HR {value['hr']} | BP {value['bp']} | RR {value['rr']} | SpO2 {value['sats']} | Temp {value['temp']}",
            ]
        )
    if kind == "n":
        return str(rng.randint(2, 9))
    if kind == "nn":
        return str(rng.randint(11, 89))
    return None

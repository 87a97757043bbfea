"""What a dataset or a run was made with: the versions that decide a result."""

import platform
from importlib import metadata


def environment() -> dict[str, str]:
    """Return the versions that decide a result: Python, platform and the libraries that compute."""
    names = ["nosology", "torch", "transformers", "peft", "accelerate", "scikit-learn", "polars", "numpy", "scrubadub"]
    versions = {name: metadata.version(name) for name in names if _is_installed(name)}
    return {"python": platform.python_version(), "platform": platform.platform(), **versions}


def _is_installed(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True

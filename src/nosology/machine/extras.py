"""What may be missing here: packages of extras, and parts of the system; each is named before any work begins."""

from importlib.util import find_spec

from nosology.errors import ConfigError

EXTRAS = {
    "embedded": ("gguf",),
    "scale": ("tensorboard",),
    "serve": ("fastapi", "prometheus_client", "psycopg", "sqlalchemy", "uvicorn"),
    "tune": ("optuna",),
}
"""What each extra must bring, under the names that are imported."""


def expect_extra(extra: str, doing: str) -> None:
    """Make sure that an extra is installed.

    Args:
        extra: One of `EXTRAS`.
        doing: What needs it, as the beginning of a sentence.

    Raises:
        ConfigError: A package of it is missing; says which, and how to install them.
    """
    missing = [name for name in EXTRAS[extra] if find_spec(name) is None]
    if missing:
        what = f"{doing} needs {', '.join(missing)}, which {'is' if len(missing) == 1 else 'are'} not installed"
        raise ConfigError(what, hint=f"pip install 'nosology[{extra}]'")


def expect_package(package: str, doing: str, hint: str) -> None:
    """Make sure that a package is installed which no extra brings.

    Args:
        package: As it is imported.
        doing: What needs it, as the beginning of a sentence.
        hint: How to install it, or to do without.

    Raises:
        ConfigError: It is not.
    """
    if find_spec(package) is None:
        raise ConfigError(f"{doing} needs {package}, which is not installed", hint=hint)


def expect_file_locks(doing: str) -> None:
    """Make sure that the system has POSIX's locks of files, which Windows has not.

    Args:
        doing: What needs them, as the beginning of a sentence.

    Raises:
        ConfigError: It has none.
    """
    if find_spec("fcntl") is None:
        raise ConfigError(f"{doing} needs locks of files that this system does not have", hint="on Windows, use WSL 2")

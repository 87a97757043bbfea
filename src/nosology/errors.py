"""The errors a user can meet: what is wrong, where, and what to do about it.

Every error a person can fix derives from `NosologyError`; the command line prints it without a traceback and exits
with status 2. No error carries note text: speak of notes by id, by count and by place (file, line, column).
"""


class NosologyError(Exception):
    """Something the user can fix.

    Args:
        message: What is wrong, with the offending value.
        hint: What to do about it, as a sentence. Empty where there is nothing to add.
        place: Where it is wrong: a file, a line, a column, a configuration key.
    """

    def __init__(self, message: str, *, hint: str = "", place: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.place = place

    def __str__(self) -> str:
        where = f"{self.place}: " if self.place else ""
        then = f"\n  hint: {self.hint}" if self.hint else ""
        return f"{where}{self.message}{then}"


class ConfigError(NosologyError):
    """A configuration file or option says something impossible."""


class DataError(NosologyError):
    """Input data is missing, broken, or not what a command was told to expect."""


class LabelError(NosologyError):
    """A label set contradicts itself, or a label is not in it."""


class ModelError(NosologyError):
    """A model cannot be found, loaded, or used for what was asked."""


class RunError(NosologyError):
    """A dataset or run folder is missing, unfinished, or does not fit."""

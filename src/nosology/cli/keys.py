"""``nosology keys``: who may use a service."""

import json
from pathlib import Path
from typing import Annotated

import typer

from nosology.cli import app
from nosology.cli.console import say

keys = typer.Typer(no_args_is_help=True)
app.add_typer(keys, name="keys")


@keys.callback()
def expect_locks() -> None:
    """Make, list and revoke the API keys of a service."""
    from nosology.machine.extras import expect_file_locks

    expect_file_locks("a file of keys")


KeysOption = Annotated[
    Path | None, typer.Option("--keys", help="File of API keys.  [default: ~/.config/nosology/keys.json]")
]


@keys.command()
def create(
    name: Annotated[str, typer.Argument(help="Who uses it; stands in the audit log.")], file: KeysOption = None
) -> None:
    """Make a key and print it, once; the file holds only its hash.

    Example: nosology keys create ward-3
    """
    from nosology.serve.http.keys import KeyFile, default_keys_file

    print(KeyFile(file or default_keys_file()).create(name))
    say("this key is shown once; a running service that asks for keys takes it at once")


@keys.command("list")
def list_keys(
    file: KeysOption = None, as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False
) -> None:
    """Print whose keys there are, and since when.

    Example: nosology keys list
    """
    from nosology.serve.http.keys import KeyFile, default_keys_file

    entries = KeyFile(file or default_keys_file()).entries()
    if as_json:
        print(json.dumps([{"name": e.name, "id": e.key_id, "created_at": e.created_at} for e in entries], indent=2))
        return
    for entry in entries:
        print(f"{entry.name}\t{entry.key_id}\t{entry.created_at}")


@keys.command()
def revoke(name: Annotated[str, typer.Argument(help="Whose key.")], file: KeysOption = None) -> None:
    """Make a key useless; a running service notices at its next request.

    Example: nosology keys revoke ward-3
    """
    from nosology.serve.http.keys import KeyFile, default_keys_file

    KeyFile(file or default_keys_file()).revoke(name)
    say(f"{name} has no key any more")

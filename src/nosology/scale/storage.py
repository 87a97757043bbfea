"""A folder that may lie anywhere fsspec reaches: this machine, a shared disk, an object store.

Files are written whole or not at all and are their owner's alone on a disk. What would surprise you: an object store
has neither folders nor modes; who may read there is decided by whoever set it up.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import IO, Any

import polars as pl

from nosology.errors import ConfigError, DataError
from nosology.files import PRIVATE_FOLDER, write_apart


class Storage:
    """One folder and what lies below it.

    Args:
        address: A path, or an address such as ``s3://bucket/notes``.

    Raises:
        ConfigError: Nothing here knows such addresses, or the package that does is not installed.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self._files, self._root = file_system(address)

    def __reduce__(self) -> tuple[type["Storage"], tuple[str]]:
        return Storage, (self._root if self.is_local else self.address,)  # a worker runs in another folder

    @cached_property
    def is_local(self) -> bool:
        """Whether this is a disk of this machine, or one that looks like it."""
        return is_local(self._files)

    def exists(self, name: str) -> bool:
        """Return whether there is a file or folder of that name."""
        return bool(self._files.exists(self._place(name)))

    def is_empty(self) -> bool:
        """Return whether nothing lies here, or the folder is not even there."""
        return not self._files.exists(self._root) or (self._files.isdir(self._root) and not self._files.ls(self._root))

    def names(self, folder: str) -> set[str]:
        """Return the names of the files right below a folder; none where there is no such folder."""
        place = self._place(folder)
        if not self._files.isdir(place):
            return set()
        self._files.invalidate_cache(place)
        return {str(found).rpartition("/")[2] for found in self._files.ls(place, detail=False)}

    def read(self, name: str) -> bytes:
        """Return a file's bytes.

        Raises:
            FileNotFoundError: There is none.
        """
        return bytes(self._files.cat_file(self._place(name)))

    def write(self, name: str, content: bytes) -> None:
        """Write a file whole or not at all.

        Args:
            name: Below this folder, with slashes.
            content: All its bytes.
        """
        place = self._place(name)
        if not self.is_local:
            self._files.makedirs(place.rpartition("/")[0], exist_ok=True)
            self._files.pipe_file(place, content)
            return
        target = Path(place)
        for folder in reversed([*target.relative_to(self._root).parents]):
            (Path(self._root) / folder).mkdir(PRIVATE_FOLDER, parents=True, exist_ok=True)
        write_apart(target, content)

    def frame(self, name: str, columns: list[str] | None = None) -> pl.DataFrame:
        """Return the rows of a Parquet file.

        Args:
            name: The file.
            columns: Which columns; no others are fetched. None for all.
        """
        from pyarrow import parquet

        with self._open(name) as file:
            found = pl.from_arrow(parquet.read_table(file, columns=columns))
        assert isinstance(found, pl.DataFrame)
        return found

    def remove(self, name: str) -> None:
        """Remove a folder with everything in it."""
        if self._files.exists(self._place(name)):
            self._files.rm(self._place(name), recursive=True)

    @contextmanager
    def _open(self, name: str) -> Iterator[IO[bytes]]:
        with self._files.open(self._place(name), "rb") as file:
            yield file

    def _place(self, name: str) -> str:
        return f"{self._root.rstrip('/')}/{name}"


def file_system(address: str) -> tuple[Any, str]:
    """Return what reaches an address, and the address as that calls it.

    Raises:
        ConfigError: Nothing here knows such addresses, or the package that does is not installed.
    """
    from fsspec.core import url_to_fs

    try:
        files, place = url_to_fs(address)
    except ImportError as error:
        raise ConfigError("a package is missing that reaches this address", place=address, hint=str(error)) from None
    except ValueError:
        hint = "give a path, or an address that fsspec knows, such as s3://bucket/notes"
        raise ConfigError("nothing here knows such addresses", place=address, hint=hint) from None
    return files, str(place)


def is_local(files: Any) -> bool:
    """Return whether a file system is a disk of this machine."""
    from fsspec.implementations.local import LocalFileSystem

    return isinstance(files, LocalFileSystem)


def content_of(address: str) -> bytes | None:
    """Return the bytes of a file that does not lie on this machine; None where it does.

    Raises:
        DataError: It cannot be fetched.
    """
    files, place = file_system(address)
    if is_local(files):
        return None
    try:
        return bytes(files.cat_file(place))
    except OSError as error:
        raise DataError(
            f"cannot be fetched ({type(error).__name__})", place=address, hint="is it still there?"
        ) from None

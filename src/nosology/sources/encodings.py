"""Text in any usual encoding as blocks of UTF-8, which is all that the readers read.

UTF-8 and UTF-16 are told by their byte order mark, UTF-16 without one by its zero bytes; anything else must be named.
Bytes that mean nothing in the encoding become U+FFFD and are counted. UTF-8 passes untouched, so that the readers
can tell which of its rows are damaged.
"""

import codecs
from collections.abc import Iterable, Iterator

from nosology.errors import ConfigError

REPLACEMENT = "\ufffd"
_UTF8_MARK = codecs.BOM_UTF8
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_PLAIN = {"utf-8", "ascii"}
_LOOKED_AT = 4096


def check_encoding(name: str) -> str:
    """Return an encoding's usual name.

    Raises:
        ConfigError: There is no such encoding of text.
    """
    try:
        codec = codecs.lookup(name)
        "a".encode(name)
    except (LookupError, UnicodeError, TypeError):
        hint = "use utf-8, utf-16, cp1252 or another one that Python knows"
        raise ConfigError("there is no such encoding", place="--encoding", hint=hint) from None
    return codec.name


def guess(start: bytes) -> str:
    """Return the encoding that the beginning of a file shows; ``utf-8`` where nothing speaks for another one."""
    marked = next((name for mark, name in _MARKS if start.startswith(mark)), None)
    if marked:
        return marked
    seen = start[:_LOOKED_AT]
    even, odd = seen[::2], seen[1::2]
    if len(seen) >= 4:
        if odd.count(0) > 0.4 * len(odd) and even.count(0) < 0.1 * len(even):
            return "utf-16-le"
        if even.count(0) > 0.4 * len(even) and odd.count(0) < 0.1 * len(odd):
            return "utf-16-be"
    return "utf-8"


class Utf8Blocks:
    """A file's blocks in UTF-8, without a byte order mark.

    Attributes:
        encoding: What the file is in.
        n_replaced: Characters that could not be read so far.

    Args:
        blocks: The file's content.
        encoding: A name that `check_encoding` gave; None to tell it by the content.
    """

    def __init__(self, blocks: Iterable[bytes], encoding: str | None = None) -> None:
        self._blocks = iter(blocks)
        self._first = b""
        while len(self._first) < _LOOKED_AT and (block := next(self._blocks, b"")):
            self._first += block
        self.encoding = encoding or guess(self._first)
        self.n_replaced = 0

    def __iter__(self) -> Iterator[bytes]:
        """Yield the blocks."""
        if self.encoding in _PLAIN:
            yield self._first.removeprefix(_UTF8_MARK)
            yield from self._blocks
            return
        decoder = codecs.getincrementaldecoder(self.encoding)(errors="replace")
        yield self._encoded(decoder.decode(self._first).removeprefix("\ufeff"))
        for block in self._blocks:
            yield self._encoded(decoder.decode(block))
        yield self._encoded(decoder.decode(b"", final=True))

    def _encoded(self, text: str) -> bytes:
        self.n_replaced += text.count(REPLACEMENT)
        return text.encode("utf-8")

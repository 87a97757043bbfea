"""Text of any encoding as UTF-8: told by its marks and zeros, cut anywhere, and nothing lost without being counted."""

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nosology.errors import ConfigError
from nosology.sources.encodings import Utf8Blocks, check_encoding, guess

TEXT = "id,text\n1,café ☕ and naïve\n2,Größe\n"


def cut(content: bytes, size: int) -> list[bytes]:
    """Return content in blocks of a size."""
    return [content[start : start + size] for start in range(0, len(content), size)]


@pytest.mark.parametrize(
    ("name", "usual"),
    [("UTF-8", "utf-8"), ("utf8", "utf-8"), ("latin-1", "iso8859-1"), ("cp1252", "cp1252"), ("UTF-16", "utf-16")],
)
def test_an_encoding_has_one_name(name: str, usual: str) -> None:
    assert check_encoding(name) == usual


@pytest.mark.parametrize("name", ["klingon", "", "base64", "rot13", "hex", "utf-8\x00"])
def test_what_encodes_no_text_is_refused(name: str) -> None:
    with pytest.raises((ConfigError, ValueError)) as caught:
        check_encoding(name)
    assert "\x00" in name or isinstance(caught.value, ConfigError)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("size", [1, 3, 7, 5_000])
def test_unicode_is_told_without_being_named_and_cut_anywhere(encoding: str, size: int) -> None:
    blocks = Utf8Blocks(cut(TEXT.encode(encoding), size))
    assert b"".join(blocks).decode("utf-8") == TEXT
    assert blocks.n_replaced == 0


@pytest.mark.parametrize("encoding", ["cp1252", "iso8859-1", "mac-roman", "cp850"])
def test_an_older_encoding_is_read_where_it_is_named(encoding: str) -> None:
    text = TEXT.replace(" ☕", "")
    assert b"".join(Utf8Blocks(cut(text.encode(encoding), 5), encoding)).decode("utf-8") == text


def test_utf8_passes_untouched_with_its_damage() -> None:
    content = b"id,text\n1,caf\xe9\n2,fine\n"
    blocks = Utf8Blocks(cut(content, 4))
    assert b"".join(blocks) == content
    assert blocks.n_replaced == 0


def test_what_means_nothing_in_an_encoding_is_replaced_and_counted() -> None:
    blocks = Utf8Blocks(cut(b"a\x81b\x8dc", 2), "cp1252")
    assert b"".join(blocks).decode("utf-8") == "a\ufffdb\ufffdc"
    assert blocks.n_replaced == 2


def test_half_a_character_at_the_end_is_counted() -> None:
    blocks = Utf8Blocks(["ab".encode("utf-16-le") + b"c"], "utf-16-le")
    assert b"".join(blocks).decode("utf-8") == "ab\ufffd"
    assert blocks.n_replaced == 1


@pytest.mark.parametrize(
    ("start", "encoding"),
    [
        (b"", "utf-8"),
        (b"ab", "utf-8"),
        (b"a\x00", "utf-8"),  # too short to tell
        (b"a\x00b\x00c\x00", "utf-16-le"),
        (b"\x00a\x00b\x00c", "utf-16-be"),
        (b"abc\x00def", "utf-8"),  # one stray zero is damage
        (codecs.BOM_UTF8 + b"abc", "utf-8"),
        (codecs.BOM_UTF16_BE + b"\x00a", "utf-16"),
        (codecs.BOM_UTF32_LE + b"a\x00\x00\x00", "utf-32"),
        (b"\x00" * 100, "utf-8"),
    ],
)
def test_an_encoding_is_told_by_its_mark_or_its_zeros(start: bytes, encoding: str) -> None:
    assert guess(start) == encoding


@given(st.text(st.characters(codec="utf-8", exclude_characters="\ufeff\ufffd"), max_size=80), st.integers(1, 9))
def test_any_text_survives_any_cut(text: str, size: int) -> None:
    text = text.lstrip("\0")  # UTF-16's mark and a NUL are the bytes of UTF-32's mark
    for encoding in ("utf-16", "utf-32"):
        blocks = Utf8Blocks(cut(text.encode(encoding), size))
        assert b"".join(blocks).decode("utf-8") == text
    assert b"".join(Utf8Blocks(cut(text.encode("utf-16-le"), size), "utf-16-le")).decode("utf-8") == text


@given(st.binary(max_size=80), st.integers(1, 9))
def test_no_bytes_make_it_fail(content: bytes, size: int) -> None:
    for encoding in (None, "utf-16-le", "cp1252", "shift-jis"):
        b"".join(Utf8Blocks(cut(content, size), encoding)).decode("utf-8", "replace")

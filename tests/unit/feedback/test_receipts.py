"""What a receipt proves, and to whom."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nosology.feedback.receipts import Receipt, ReceiptBook, ReceiptError

RECEIPT = Receipt("a" * 64, "b" * 64, "Cardiovascular", 0.75, False, ("Cardiovascular", "Respiratory"))


# ---- receipts


def test_a_receipt_says_what_was_signed_also_after_a_restart(tmp_path: Path) -> None:
    signed = ReceiptBook.open(tmp_path).sign(RECEIPT)
    assert ReceiptBook.open(tmp_path).read(signed) == RECEIPT


def test_a_receipt_of_another_service_is_refused(tmp_path: Path) -> None:
    signed = ReceiptBook.open(tmp_path / "one").sign(RECEIPT)
    with pytest.raises(ReceiptError):
        ReceiptBook.open(tmp_path / "other").read(signed)


@settings(max_examples=100)
@given(place=st.integers(0, 10_000), character=st.characters(codec="ascii", categories=["L", "N"]))
def test_a_changed_receipt_is_refused(place: Any, character: Any) -> None:
    book = ReceiptBook(b"k" * 32)
    signed = book.sign(RECEIPT)
    place %= len(signed)
    changed = signed[:place] + character + signed[place + 1 :]
    try:
        assert book.read(changed) == RECEIPT  # the last character of base64 has bits that say nothing
    except ReceiptError:
        return


@settings(max_examples=30)
@given(st.text(max_size=40))
def test_what_is_no_receipt_is_refused(text: Any) -> None:
    with pytest.raises(ReceiptError):
        ReceiptBook(b"k" * 32).read(text)

"""The kinds of identifiers: the first set's, some of them told apart more finely."""

from __future__ import annotations

import machinery  # noqa: F401
import values

FINER = {
    "fax_pager": "phone",
    "email": "email_url_handle",
    "url_handle": "email_url_handle",
    "id_account": "id_record",
    "id_device": "id_record",
}
_SPLIT_UP = "email_url_handle"
KIND_TYPE = {kind: type_name for kind, type_name in values.KIND_TYPE.items() if kind != _SPLIT_UP}
KIND_TYPE |= {kind: values.KIND_TYPE[coarse] for kind, coarse in FINER.items()}
OPTIONAL_KINDS = values.OPTIONAL_KINDS
REQUIRED_KINDS = tuple(kind for kind in KIND_TYPE if kind not in OPTIONAL_KINDS)


def coarse_spans(spans: list[dict[str, object]]) -> list[dict[str, object]]:
    """Returns spans with the first set's kinds."""
    return [span | {"kind": FINER.get(str(span["kind"]), span["kind"])} for span in spans]

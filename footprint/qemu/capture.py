"""Captures: what one QEMU printed of itself, in a JSON file (plain or gzip).

``{"command": [argv…], "info mtree -o -D": TEXT, "info mtree -f -d": TEXT, …}``; further keys are welcome.
Without ``-o -D`` the tree is read from ``-D``, then ``-o``, then the bare form, which tell less.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from footprint.errors import InputFileError
from footprint.qemu.files import read_text
from footprint.qemu.flat import FlatText, read_flat
from footprint.qemu.lines import Source
from footprint.qemu.mtree import MtreeText, read_mtree

MOST_BYTES = 32 << 20
"""A larger capture (unpacked) is refused; a guest with 255 cards behind 40 bridges prints 4 MB."""

TREES = ("info mtree -o -D", "info mtree -D -o", "info mtree -D", "info mtree -o", "info mtree")
"""Answers that hold the tree, the one that tells most first."""
EXPECTED = 'expected JSON with "info mtree -o -D", or lines such as "init container system#1 size=0x1000"'
"""What a file should have held that is neither a capture nor an operation log."""
FLATS = ("info mtree -f -d", "info mtree -f -d -o", "info mtree -f -o -d", "info mtree -f", "info mtree -f -o")
"""Answers that hold the views, the one that tells most first."""


@dataclass(frozen=True, slots=True)
class Capture:
    """A capture, read. `tree_answer` and `flat_answer` name the answers that were used; `other` has further keys."""

    path: str
    command: tuple[str, ...]
    tree: MtreeText
    flat: FlatText
    tree_answer: str = TREES[0]
    flat_answer: str = FLATS[0]
    other: dict[str, Any] = field(default_factory=dict)

    @property
    def target(self) -> str | None:
        """The target's name as in ``qemu-system-TARGET``, where the command tells."""
        _, prefix, target = Path(self.command[0]).name.partition("qemu-system-") if self.command else ("", "", "")
        return target if prefix else None


def looks_like_a_capture(head: bytes) -> bool:
    """Whether `head`, the unpacked beginning of a file, is JSON's, as a capture is."""
    return head.lstrip().startswith(b"{")


def read_capture(path: str | Path) -> Capture:
    """The capture in `path`; raises InputFileError with what is wrong, and the line in the answer concerned."""
    data = _read_json(Path(path))
    command = data.get("command", [])
    if not isinstance(command, list) or not all(isinstance(word, str) for word in command):
        raise InputFileError(path, '"command" is not a list of words')
    tree_answer, tree = _answer(data, TREES, path)
    flat_answer, flat = _answer(data, FLATS, path)
    other = {key: value for key, value in data.items() if key not in ("command", tree_answer, flat_answer)}
    return Capture(
        str(path),
        tuple(command),
        read_mtree(tree, Source(str(path), tree_answer)),
        read_flat(flat, Source(str(path), flat_answer)),
        tree_answer,
        flat_answer,
        other,
    )


def _read_json(path: Path) -> dict[str, Any]:
    text = read_text(path, "a capture", most=MOST_BYTES)
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        raise InputFileError(path, f"is not JSON: {error.msg}", line=error.lineno) from None
    except (RecursionError, ValueError) as error:
        raise InputFileError(path, f"is not JSON that can be read: {error}") from None
    if not isinstance(data, dict):
        raise InputFileError(path, "is not a capture: the JSON is not an object")
    return data


def _answer(data: dict[str, Any], keys: tuple[str, ...], path: str | Path) -> tuple[str, str]:
    """The first of `keys` that the file has, and its text."""
    for key in keys:
        text = data.get(key)
        if text is None:
            continue
        if not isinstance(text, str):
            raise InputFileError(path, f"{key!r} is not text")
        if not text.isascii():
            _check_unicode(text, key, path)
        return key, text
    raise InputFileError(path, f"is not a capture: it has no {keys[0]!r}")


def _check_unicode(text: str, key: str, path: str | Path) -> None:
    """JSON can name half a character, which no output could take."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        line = text.count("\n", 0, error.start) + 1
        raise InputFileError(path, f"{key!r} holds half a surrogate pair", line=line) from None

"""Captures: what one QEMU printed of itself. A JSON file (plain or gzip), or any text with answers to ``info mtree``.

``{"command": [argv…], "info mtree -o -D": TEXT, "info mtree -f -d": TEXT, …}``; further keys are welcome.
Without ``-o -D`` the tree is read from ``-D``, then ``-o``, then the bare form, which tell less. One of the two
answers is enough: a capture may have no tree, or no views. In a foreign text the answers are looked for
(footprint.qemu.field_text); of several machines in it, ``FILE#2`` is the second.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from footprint.errors import InputFileError
from footprint.qemu.answer_lines import FLAT
from footprint.qemu.field_machines import FoundMachine, machines_of, numbering
from footprint.qemu.field_text import PrintedAnswer, find_answers, spans
from footprint.qemu.files import read_bytes, split_number, text_of
from footprint.qemu.flat import FlatText, read_flat
from footprint.qemu.lines import Source
from footprint.qemu.mtree import MtreeText, read_mtree
from footprint.qemu.plain_text import plain_text
from footprint.qemu.printed_spaces import with_spaces

_Value = TypeVar("_Value", str, int)
MOST_BYTES = 32 << 20
"""A larger capture (unpacked) is refused; a guest with 255 cards behind 40 bridges prints 4 MB."""

TREES = ("info mtree -o -D", "info mtree -D -o", "info mtree -D", "info mtree -o", "info mtree")
"""Answers that hold the tree, the one that tells most first."""
EXPECTED = (
    'expected JSON with "info mtree -o -D", a text with the answer to info mtree, or lines such as '
    '"init container system#1 size=0x1000"'
)
"""What a file should have held that is neither a capture nor an operation log."""
FLATS = ("info mtree -f -d", "info mtree -f -d -o", "info mtree -f -o -d", "info mtree -f", "info mtree -f -o")
"""Answers that hold the views, the one that tells most first."""


@dataclass(frozen=True, slots=True)
class Capture:
    """A capture, read. `tree_answer` and `flat_answer` name the answers that were used; `other` has further keys.

    `repairs` says what was done to a foreign text, and what was left out; `holes` are the lines of it at which
    somebody had left lines out. `texts` are the answers as they were read, by the command that gives such ones.
    """

    path: str
    command: tuple[str, ...]
    tree: MtreeText
    flat: FlatText
    tree_answer: str = TREES[0]
    flat_answer: str = FLATS[0]
    other: dict[str, Any] = field(default_factory=dict)
    repairs: tuple[str, ...] = ()
    holes: tuple[int, ...] = ()
    is_foreign: bool = False
    texts: dict[str, str] = field(default_factory=dict)

    @property
    def target(self) -> str | None:
        """The target's name as in ``qemu-system-TARGET``, where the command tells."""
        _, prefix, target = Path(self.command[0]).name.partition("qemu-system-") if self.command else ("", "", "")
        return target if prefix else None

    @property
    def has_tree(self) -> bool:
        """Whether the memory tree is there."""
        return bool(self.tree.blocks)

    @property
    def has_views(self) -> bool:
        """Whether the views are there."""
        return bool(self.flat.views)


def looks_like_a_capture(head: bytes) -> bool:
    """Whether `head`, the unpacked beginning of a file, is JSON's, as a capture is."""
    return head.lstrip().startswith(b"{")


def holds_answers(data: bytes) -> bool:
    """Whether `data`, which is no JSON, may be a text with answers to ``info mtree``."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        data = data.replace(b"\0", b"")
    return any(word in data for word in (b"(prio ", b"address-space", b"memory-region", b"FlatView", b"info mtree"))


def read_capture(path: str | Path) -> Capture:
    """The capture in `path`; raises InputFileError with what is wrong, and the line in the answer concerned.

    `path` may be ``-`` for standard input, and end in ``#2`` for the second machine of a text.
    """
    base, number = split_number(path)
    data = read_bytes(base, "a capture", most=MOST_BYTES)
    if looks_like_a_capture(data[:4096]) and not _QMP.match(data[:4096]):
        return _from_json(str(path), base, number, _json(base, data))
    text = plain_text(data)
    source = Source(str(base))
    found = find_answers(text.lines, source)
    if not found.answers:
        if base.name.removesuffix(".gz").endswith(".json"):
            _json(base, data)  # says what is wrong with it as JSON
        raise InputFileError(base, f"is neither a capture nor an operation log: {EXPECTED}", line=1)
    left = (f"left out: line {spans(found.left_out)}",) if found.left_out else ()
    machine = _chosen(machines_of(found.answers, source), number, base)
    return _parsed(str(path), machine, (*text.repairs, *found.repairs, *left))


def _parsed(path: str, machine: FoundMachine, repairs: tuple[str, ...]) -> Capture:
    """The capture of one machine of a foreign text, its answers parsed."""
    tree_answer = machine.tree.command or TREES[-1] if machine.tree else ""
    flat_answer = machine.flat.command or FLATS[-2] if machine.flat else ""
    tree_source, flat_source = Source(path, tree_answer), Source(path, flat_answer)
    tree, flat = MtreeText((), tree_source), FlatText((), False, flat_source)
    if machine.tree:
        tree = read_mtree(machine.tree.text, Source(path, tree_answer, machine.tree.numbers))
    if machine.flat:
        flat = read_flat(
            machine.flat.text, Source(path, flat_answer, machine.flat.numbers), nameless=machine.tree is None
        )
    tree, guesses = with_spaces(tree, flat)
    own = [answer.repairs for answer in machine.answers if answer.repairs]
    holes = tuple(hole for answer in machine.answers for hole in answer.holes)
    if holes:
        own.append(f"lines are missing at line {spans(holes)}, where somebody left them out: they are not counted")
    repairs = (*repairs, *machine.repairs, *own, *guesses)
    texts = {_key_of(answer): answer.text for answer in machine.answers}
    return Capture(path, (), tree, flat, tree_answer, flat_answer, {}, repairs, holes, True, texts)


def _key_of(answer: PrintedAnswer) -> str:
    """The command that gives such an answer, as far as its text tells."""
    owners = " owner:{" in answer.text or " parent:{" in answer.text
    if answer.sort == FLAT:
        return "info mtree -f" + " -d" * ("\n  Dispatch" in answer.text) + " -o" * owners
    return "info mtree" + " -o" * owners + " -D" * (" [disabled]" in answer.text)


def _chosen(machines: list[FoundMachine], number: int | None, path: Path) -> FoundMachine:
    """The machine asked for by `number`, or the only one; raises InputFileError."""
    if number is None and len(machines) > 1:
        raise InputFileError(
            path, f"holds {len(machines)} machines: {numbering(machines)}; choose one, as in {path}#1, "
            f"or compare them: footprint compare '{path}#1' '{path}#2'", line=machines[1].answers[0].first,
        )  # fmt: skip
    if number is not None and not 1 <= number <= len(machines):
        raise InputFileError(f"{path}#{number}", f"there is no machine #{number}; valid: {numbering(machines)}")
    return machines[(number or 1) - 1]


# Section: JSON


def _json(path: Path, data: bytes) -> dict[str, Any]:
    text = text_of(path, data)
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise InputFileError(path, f"is not JSON: {error.msg}", line=error.lineno) from None
    except (RecursionError, ValueError) as error:
        raise InputFileError(path, f"is not JSON that can be read: {error}") from None
    if not isinstance(document, dict):
        raise InputFileError(path, "is not a capture: the JSON is not an object")
    return document


def _from_json(path: str, base: Path, number: int | None, document: dict[str, Any]) -> Capture:
    """The capture in a JSON document: as it is where QEMU's own text stands there, else as what is found in it."""
    command = document.get("command", [])
    if not isinstance(command, list) or not all(isinstance(word, str) for word in command):
        raise InputFileError(base, '"command" is not a list of words')
    (tree_answer, tree), (flat_answer, flat) = (_answer(document, keys, base) for keys in (TREES, FLATS))
    if not tree_answer and not flat_answer:
        raise InputFileError(base, f"is not a capture: it has no {TREES[0]!r} and no {FLATS[0]!r}")
    other = {key: value for key, value in document.items() if key not in ("command", tree_answer, flat_answer)}
    fault: InputFileError | None = None
    if number is None and not _FOREIGN.search(tree) and not _FOREIGN.search(flat) and not _is_twice(tree, flat):
        tree_source, flat_source = Source(path, tree_answer), Source(path, flat_answer)
        try:
            read = read_mtree(tree, tree_source) if tree_answer else MtreeText((), tree_source)
            views = read_flat(flat, flat_source) if flat_answer else FlatText((), False, flat_source)
        except InputFileError as error:
            fault = error
        else:
            read, guesses = with_spaces(read, views)
            texts = {key: text for key, text in ((tree_answer, tree), (flat_answer, flat)) if key}
            repairs, holes = (*_listed(document, "repairs", str), *guesses), _listed(document, "holes", int)
            foreign = "repairs" in document
            return Capture(
                path, tuple(command), read, views, tree_answer, flat_answer, other, repairs, holes, foreign, texts
            )
    try:
        capture = _found_in_json(path, base, number, {tree_answer: tree, flat_answer: flat})
    except InputFileError:
        if fault is not None:
            raise fault from None
        raise
    return replace(capture, command=tuple(command), other=other)


def _listed(document: dict[str, Any], key: str, sort: type[_Value]) -> tuple[_Value, ...]:
    """What a capture that was made from a foreign text says of that."""
    values = document.get(key, [])
    return tuple(value for value in values if isinstance(value, sort)) if isinstance(values, list) else ()


def _found_in_json(path: str, base: Path, number: int | None, texts: dict[str, str]) -> Capture:
    """The capture that can be found in the answers of a JSON file, which somebody had copied there."""
    answers: list[PrintedAnswer] = []
    repairs: list[str] = []
    for key, text in texts.items():
        lines = plain_text(text)
        found = find_answers(lines.lines, Source(str(base), key))
        repairs += [*lines.repairs, *found.repairs]
        if found.left_out:
            repairs.append(f"left out of {key!r}: line {spans(found.left_out)}")
        answers += [replace(answer, command=answer.command or key) for answer in found.answers]
    if not answers:
        raise InputFileError(base, "is not a capture: there is no answer to info mtree in it")
    return _parsed(path, _chosen(machines_of(answers, Source(str(base))), number, base), tuple(repairs))


_QMP = re.compile(rb"""\s*\{\s*"(?:QMP|return|timestamp|execute)"\s*:""")
"""The beginning of a session with a QMP monitor, which is lines of JSON."""
_FOREIGN = re.compile(r"\): [^\n]{0,400}(?:[^ \n] {2,}[^ \r\n]|\t| (?:<[-=~<]|\u2190|\u21d0|//|/\*|# |-- |!!))")
"""A note behind a region, which no strict reader would see."""
_ONCE = re.compile(r"^(?:address-space: | AS \"|address-space \(flat view\): )(memory|I/O)(?:\"|\r?$)", re.MULTILINE)


def _is_twice(*texts: str) -> bool:
    """Whether a space that every QEMU makes once stands twice in one of `texts`."""
    return any(count > 1 for text in texts for count in Counter(_ONCE.findall(text)).values())


def _answer(data: dict[str, Any], keys: tuple[str, ...], path: str | Path) -> tuple[str, str]:
    """The first of `keys` that the file has, and its text; both empty where it has none."""
    for key in keys:
        text = data.get(key)
        if text is None:
            continue
        if not isinstance(text, str):
            raise InputFileError(path, f"{key!r} is not text")
        if not text.isascii():
            _check_unicode(text, key, path)
        return key, text
    return "", ""


def _check_unicode(text: str, key: str, path: str | Path) -> None:
    """JSON can name half a character, which no output could take."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        line = text.count("\n", 0, error.start) + 1
        raise InputFileError(path, f"{key!r} holds half a surrogate pair", line=line) from None

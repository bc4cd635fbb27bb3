"""Which answers of a foreign text are one machine's: trees and views in pairs, several machines numbered."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from footprint.qemu.answer_lines import FLAT, TREE
from footprint.qemu.field_text import ONCE, PrintedAnswer
from footprint.qemu.lines import Source, split_owner

_SPACE = re.compile(r"(?:address-space: | AS \"|address-space \(flat view\): )(.*?)(?:\", root: .*)?")
_HEADINGS = ("address-space", "memory-region: ", "FlatView #")
_DETAILS = re.compile(r" *(?:FlatView #|Dispatch|Physical sections|#\d|Nodes \(|\[\d+\]|\d{1,3}(?:\.\.\d+)? +skip=)")
_MOST_SHOWN = 4


@dataclass(frozen=True, slots=True)
class FoundMachine:
    """One machine of a text: the answers about it, and sentences about how it was put together."""

    tree: PrintedAnswer | None = None
    flat: PrintedAnswer | None = None
    repairs: tuple[str, ...] = ()

    @property
    def answers(self) -> tuple[PrintedAnswer, ...]:
        """Those that it has, in the order of the text."""
        both = [answer for answer in (self.tree, self.flat) if answer is not None]
        return tuple(sorted(both, key=lambda answer: answer.first))

    def described(self, number: int) -> str:
        """``#1 (line 3 to 20, "before the change:")``, to choose by."""
        titles = [answer.title for answer in self.answers if answer.title][:1]
        title = f", {titles[0][:60]!r}" if titles else ""
        places = " and ".join(f"{answer.first} to {answer.last}" for answer in self.answers)
        return f"#{number} (line {places}{title})"


def machines_of(answers: Sequence[PrintedAnswer], source: Source) -> list[FoundMachine]:
    """The machines that `answers`, in the order of the text, are about. Raises InputFileError where that is unclear."""
    pieces = [piece for answer in answers for piece in _split(answer, source)]
    half = len(pieces) // 2
    sorts = [piece.sort for piece in pieces]
    if half > 1 and sorts in ([TREE] * half + [FLAT] * half, [FLAT] * half + [TREE] * half):
        pairs = list(zip(pieces[:half], pieces[half:], strict=True))
        if not all(_same(first, other) for side in (0, 1) for first, other in pairwise(pair[side] for pair in pairs)):
            note = "answers about several machines are paired in the order in which they stand"
            return [replace(_added(_added(FoundMachine(), first), other), repairs=(note,)) for first, other in pairs]
    machines: list[FoundMachine] = []
    told_again: PrintedAnswer | None = None
    for piece in pieces:
        machine = machines[-1] if machines else FoundMachine()
        known = machine.tree if piece.sort == TREE else machine.flat
        if known is not None and _same(known, piece):
            machines[-1] = _added(machine, max(known, piece, key=_wealth))
            told_again = piece
        elif known is None and machines:
            rival = machines[-2] if len(machines) > 1 else None
            if rival is not None and _lacks(rival, piece.sort) and _fit(rival, piece):
                raise source.error("this answer could belong to either of the two before it", piece.first)
            machines[-1] = _added(machine, piece)
        else:
            both = told_again if told_again is not None and told_again.sort != piece.sort else None
            machines.append(_added(_added(FoundMachine(), both) if both else FoundMachine(), piece))
            told_again = None
    return machines


def _added(machine: FoundMachine, piece: PrintedAnswer) -> FoundMachine:
    return replace(machine, tree=piece) if piece.sort == TREE else replace(machine, flat=piece)


def _lacks(machine: FoundMachine, sort: str) -> bool:
    return (machine.tree if sort == TREE else machine.flat) is None


def _fit(machine: FoundMachine, piece: PrintedAnswer) -> bool:
    """Whether a machine and an answer of the other sort have the same address spaces."""
    return all(_spaces(answer) == _spaces(piece) for answer in machine.answers)


def _spaces(answer: PrintedAnswer) -> Counter[str]:
    matches = (_SPACE.fullmatch(line) for line in answer.text.split("\n"))
    return Counter(matched[1] for matched in matches if matched)


# Section: one machine told several times


def _same(first: PrintedAnswer, second: PrintedAnswer) -> bool:
    """Whether one answer has all lines of the other, but for owners, numbers, disabled regions and dispatch."""
    if _spaces(first) != _spaces(second):
        return False
    one, other = _essence(first), _essence(second)
    return one <= other or other <= one


def _essence(answer: PrintedAnswer) -> Counter[str]:
    lines = (split_owner(line)[0].strip() for line in answer.text.split("\n") if not _DETAILS.match(line))
    return Counter(line for line in lines if line and not line.endswith(" [disabled]"))


def _wealth(answer: PrintedAnswer) -> tuple[bool, bool, int]:
    return (
        " [disabled]" in answer.text or "\n  Dispatch" in answer.text,
        "owner:{" in answer.text or "parent:{" in answer.text,
        len(answer.text),
    )


# Section: several machines in one answer


def _split(answer: PrintedAnswer, source: Source) -> list[PrintedAnswer]:
    """The answers of several machines that stand one after the other, apart; raises where the border is unclear."""
    count = max(_spaces(answer)[name] for name in ONCE)
    if count < 2:
        return [answer]
    lines = answer.text.split("\n")
    units = _units(lines)
    names = [tuple(line for line in lines[low:high] if line.startswith(_HEADINGS[:2])) for low, high in units]
    each, rest = divmod(len(units), count)
    if rest or any(names[:each] != names[i * each : (i + 1) * each] for i in range(count)):
        again = [i for i, line in enumerate(lines) if (m := _SPACE.fullmatch(line)) and m[1] in ONCE]
        raise source.error(
            "a second machine's answer stands behind the first without anything between; put a line such as "
            '"(qemu) info mtree" where it begins', answer.numbers[again[-1]],
        )  # fmt: skip
    parts = []
    for i in range(count):
        low, high = units[i * each][0], units[(i + 1) * each - 1][1]
        numbers = answer.numbers[low:high]
        parts.append(replace(answer, text="\n".join(lines[low:high]), numbers=numbers, last=numbers[-1]))
    return parts


def _units(lines: Sequence[str]) -> list[tuple[int, int]]:
    """The blocks of an answer, as line indices."""
    starts = [
        i for i, line in enumerate(lines)
        if line.startswith(_HEADINGS) and (i == 0 or not lines[i - 1].startswith("address-space: "))
    ]  # fmt: skip
    return list(zip(starts, [*starts[1:], len(lines)], strict=True))


def numbering(machines: Sequence[FoundMachine]) -> str:
    """All machines of a text in a few words, to choose one by its number."""
    shown = [machine.described(i) for i, machine in enumerate(machines[:_MOST_SHOWN], 1)]
    more = len(machines) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")

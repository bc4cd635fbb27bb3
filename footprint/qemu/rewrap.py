"""Lines that a mail program broke, put together again: where that is certain, and else refused with the line.

A program that breaks lines keeps them within a width, and breaks at the last blank that fits (or after a hyphen),
or else cuts exactly at the width. So where a line was broken, the next word would not have fitted; and what QEMU
prints says of most lines whether they are whole.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise, product

from footprint.errors import InputFileError
from footprint.qemu.answer_lines import is_closed, is_damaged, is_suffix, is_whole, without_note

MOST_PIECES = 6
"""Pieces of one line; a line in more pieces is refused."""

Refuse = Callable[[str, int], InputFileError]
"""Makes the error for a reason and a line number."""


@dataclass(slots=True)
class LinePiece:
    """A physical line of an answer, or a part of one: where, as it stands in the file, and without its prefix."""

    number: int
    raw: str
    text: str


@dataclass(slots=True)
class BrokenLine:
    """A line that begins in `pieces[0]`; the others may be its rest. `is_last`: nothing of its block follows."""

    pieces: list[LinePiece]
    is_last: bool = False


@dataclass(slots=True)
class Rewrapped:
    """Lines with the numbers of their first pieces; how many were joined; the numbers of lines that are no rest."""

    lines: list[tuple[int, str]] = field(default_factory=list)
    joined: int = 0
    foreign: list[int] = field(default_factory=list)


def rewrap(lines: Sequence[BrokenLine], sort: str, refuse: Refuse) -> Rewrapped:
    """`lines` of an answer of that sort, joined. Raises what `refuse` makes where two readings are possible."""
    result = Rewrapped()
    broken = [line for line in lines if len(line.pieces) > 1]
    if not broken:
        result.lines = [(line.pieces[0].number, line.pieces[0].text) for line in lines]
        return result
    width = 0
    for line in lines:
        for piece in line.pieces:
            if len(piece.raw) > width:
                width = max(width, len(without_note(piece.raw)[0].rstrip()))
    readings = {id(line): _readings(line, sort, refuse) for line in broken}
    style = _Style(width, _is_hard(broken, readings.values(), width))
    for line in lines:
        first = line.pieces[0]
        text = first.text
        if len(line.pieces) > 1:
            text = style.join(line, readings[id(line)], sort, refuse, result)
        result.lines.append((first.number, text))
    return result


_HYPHEN = re.compile(r"\w-$")
"""Where a program broke a line after a hyphen: no name of QEMU's ends in one."""
Seams = tuple[str, ...]
"""What stands between the pieces of a line: nothing, or a blank."""


def _readings(line: BrokenLine, sort: str, refuse: Refuse) -> list[Seams]:
    """The ways to join a line that is not whole without its rest; empty where it is."""
    pieces = line.pieces
    if is_whole(without_note(pieces[0].text)[0], sort):
        return []
    if len(pieces) > MOST_PIECES:
        raise refuse(f"the line stands in {len(pieces)} pieces", pieces[0].number)
    choices = [_choices(first, rest) for first, rest in pairwise(pieces)]
    return [seams for seams in product(*choices) if is_whole(without_note(_joined(pieces, seams))[0], sort)]


def _choices(first: LinePiece, rest: LinePiece) -> tuple[str, ...]:
    if first.text.endswith(" ") or rest.text.startswith(" "):
        return ("",)
    if _HYPHEN.search(first.text):
        return ("",)
    return (" ",) if is_suffix(rest.text) else ("", " ")


def _joined(pieces: Iterable[LinePiece], seams: Seams) -> str:
    first, *rest = pieces
    return first.text + "".join(seam + piece.text for seam, piece in zip(seams, rest, strict=True))


def _is_hard(broken: Sequence[BrokenLine], readings: Iterable[list[Seams]], width: int) -> bool | None:
    """Whether lines were cut exactly at the width (True) or at blanks (False); None where nothing tells."""
    votes: set[bool] = set()
    for line, ways in zip(broken, readings, strict=True):
        seams = ways[0] if len(ways) == 1 else None
        if is_suffix(line.pieces[1].text) and width - len(line.pieces[0].raw.rstrip()) > 1:
            votes.add(False)
        for i, (first, rest) in enumerate(pairwise(line.pieces) if seams else ()):
            short = width - len(first.raw)
            at_word = re.search(r"[-\s]$", first.raw) or rest.text.startswith(" ")
            if seams and seams[i] == "" and not at_word:
                votes.add(True)
            elif short > 1 or (seams and seams[i] == " " and short == 0):
                votes.add(False)
    # What two programs broke, one after the other, is neither.
    return votes.pop() if len(votes) == 1 else None


@dataclass(frozen=True, slots=True)
class _Style:
    width: int
    is_hard: bool | None

    def join(self, line: BrokenLine, ways: list[Seams], sort: str, refuse: Refuse, result: Rewrapped) -> str:
        """The text of a line in pieces; what is no rest of it goes to `result.foreign`."""
        pieces = line.pieces
        if len(ways) == 1:
            result.joined += 1
            return _joined(pieces, ways[0])
        if not ways:
            whole = is_whole(without_note(pieces[0].text)[0], sort)
            if not whole:
                return self._completed_before(line, sort, refuse, result)
            if is_suffix(pieces[1].text.lstrip()):
                return self._with_suffixes(line, sort, refuse, result)
            if is_closed(without_note(pieces[0].text)[0], sort) or not self._could_break(pieces[0], pieces[1]):
                return self._without_rest(line, refuse, result)
            if self.is_hard is None and not _HYPHEN.search(pieces[0].text):
                raise refuse(
                    f"{pieces[1].text!r} may be the rest of the line above it or a note; put an empty line before it, "
                    "or join the lines", pieces[1].number,
                )  # fmt: skip
        seams = [self._seam(first, rest, refuse) for first, rest in pairwise(pieces)]
        text = _joined(pieces, tuple(seams))
        if not is_whole(without_note(text)[0], sort) or (ways and tuple(seams) not in ways):
            raise refuse(f"{pieces[0].text!r} was broken, and can be joined in several ways", pieces[0].number)
        result.joined += 1
        return text

    def _completed_before(self, line: BrokenLine, sort: str, refuse: Refuse, result: Rewrapped) -> str:
        """A line that fewer of the pieces complete; what follows these is somebody's."""
        pieces = line.pieces
        for count in range(2, len(pieces)):
            shorter = BrokenLine(pieces[:count], line.is_last)
            ways = _readings(shorter, sort, refuse)
            if ways:
                text = self.join(shorter, ways, sort, refuse, result)
                self._without_rest(BrokenLine([shorter.pieces[0], *pieces[count:]], line.is_last), refuse, result)
                return text
        raise refuse(f"{pieces[0].text!r} is cut, and what follows does not complete it", pieces[0].number)

    def _with_suffixes(self, line: BrokenLine, sort: str, refuse: Refuse, result: Rewrapped) -> str:
        """A whole line and what QEMU prints behind a name, which begins with a word of its own."""
        first, second, *others = line.pieces
        start = LinePiece(first.number, second.raw, f"{first.text.rstrip()} {second.text.lstrip()}")
        result.joined += 1
        if not others:
            if not is_whole(start.text, sort):
                raise refuse(f"{first.text!r} was broken, and what follows does not complete it", first.number)
            return start.text
        rest = BrokenLine([start, *others], line.is_last)
        return self.join(rest, _readings(rest, sort, refuse), sort, refuse, result)

    def _without_rest(self, line: BrokenLine, refuse: Refuse, result: Rewrapped) -> str:
        """The line alone: what follows it is somebody's, and allowed only where the block ends."""
        pieces = line.pieces
        for piece in pieces[1:]:
            if not line.is_last or is_damaged(piece.text):
                raise refuse(f"{piece.text!r} is no line of QEMU's; mend it, or take it out", piece.number)
        result.foreign += [piece.number for piece in pieces[1:]]
        return pieces[0].text

    def _could_break(self, first: LinePiece, rest: LinePiece) -> bool:
        """Whether a program that keeps to the width would have broken the line there."""
        word = rest.text.split(" ")[0] if not rest.text.startswith(" ") else ""
        return len(first.raw) >= self.width or len(first.raw.rstrip()) + 1 + len(word) > self.width

    def _seam(self, first: LinePiece, rest: LinePiece, refuse: Refuse) -> str:
        if first.text.endswith(" ") or rest.text.startswith(" "):
            return ""
        if _HYPHEN.search(first.text) and self._could_break(first, rest):
            return ""
        # Of full width, it may have been cut by a second program, which came when "> " had made the lines longer.
        has_prefix = len(first.raw) > len(first.text)
        is_unsure = self.is_hard is False and has_prefix and len(first.raw) == self.width
        if self.is_hard is None or is_unsure or not self._could_break(first, rest):
            raise refuse(
                f"the line was broken before {rest.text[:40]!r}, and nothing tells whether a blank stood there",
                rest.number,
            )
        if self.is_hard:
            return "" if len(first.raw) == self.width else " "
        return " "

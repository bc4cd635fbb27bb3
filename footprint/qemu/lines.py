"""What the readers of monitor text share: its lines, their limits, and the suffixes that `-o` adds."""

from __future__ import annotations

import re
from dataclasses import dataclass

from footprint.errors import InputFileError

LONGEST_LINE = 4096
"""A longer line is refused; real ones stay below 400 characters."""
MOST_LINES = 2_000_000
MASK = (1 << 64) - 1


@dataclass(frozen=True, slots=True)
class Source:
    """Where a text comes from: the file, and which of the monitor's answers in it (for errors).

    `numbers` are the lines' places in the file, where the text was put together from it.
    """

    path: str
    answer: str = ""
    numbers: tuple[int, ...] = ()

    def place(self, line: int) -> int:
        """Where `line` of this text stands in the file."""
        return self.numbers[min(line, len(self.numbers)) - 1] if self.numbers and line > 0 else line

    def error(self, reason: str, line: int | None = None, *, shown: str = "", column: int = 0) -> InputFileError:
        """An error about `line` of this text, which is `shown`, with the fault at `column`."""
        where = f"in the answer to {self.answer!r}: " if self.answer else ""
        place = None if line is None else self.place(line)
        return InputFileError(self.path, where + reason, line=place, shown=shown, column=column)

    def unexpected(self, text: str, expected: str, line: int, form: tuple[str, ...] = ()) -> InputFileError:
        """An error about a line that is not what it should be; a long one is shown cut.

        `form` are patterns for its parts, one after the other: the first that does not match is where the fault is.
        """
        shown = text if len(text) <= 80 else text[:77] + "..."
        return self.error(f"{shown!r} is not {expected}", line, shown=text, column=_fault(text, form))


def _fault(text: str, form: tuple[str, ...]) -> int:
    """Where in `text` it stops being of that form; its first letter where no part says it."""
    at = 0
    for part in form:
        matched = re.compile(part).match(text, at)
        if matched is None:
            return at
        at = matched.end()
    return 0 if form else len(text) - len(text.lstrip())


PLACE_FORM = (r" *", r"[0-9a-f]{16}", r"-", r"[0-9a-f]{16}", r" \(prio ", r"-?\d{1,10}", r", ")
"""The parts of a line of a region or a range, up to its kind."""


def lines_of(text: str, source: Source) -> list[str]:
    """The lines of `text` without their ends (LF, or CR LF over QMP); refuses too many and too long ones."""
    lines = text.split("\n")
    if len(lines) > MOST_LINES:
        raise source.error(f"has {len(lines)} lines; at most {MOST_LINES}")
    if len(text) > LONGEST_LINE:
        for number, line in enumerate(lines, 1):
            if len(line) > LONGEST_LINE:
                raise source.error(f"the line has {len(line)} characters; at most {LONGEST_LINE}", number)
    return [line.rstrip("\r") for line in lines] if "\r" in text else lines


def split_owner(text: str) -> tuple[str, str | None]:
    """`text` without the owner at its end (``owner:{…}``, ``parent:{…}``, ``orphan``), and the owner."""
    if text.endswith(" orphan"):
        return text[:-7], "orphan"
    if not text.endswith("}"):
        return text, None
    cut = _owner_start(text, " parent:{")
    before = text if cut is None else text[:cut]
    first = _owner_start(before, " owner:{") if before.endswith("}") else None
    cut = first if first is not None else cut
    return (text, None) if cut is None else (text[:cut], text[cut + 1 :])


def _owner_start(text: str, word: str) -> int | None:
    start = text.rfind(word)
    if start < 0 or "}" in text[start:-1]:
        return None
    return start


_NARROW = re.compile(
    r"( *(?:\[DETECTED OVERFLOW!\] *)?)([0-9a-f]{8}(?:[0-9a-f]{8})?)-([0-9a-f]{8}(?:[0-9a-f]{8})?)( \(prio .*)"
)
_NARROW_WINDOW = re.compile(r"(.* @\S.* )([0-9a-f]{8})-([0-9a-f]{8})( \[disabled\])?")


def widened(text: str) -> str:
    """A region's line with addresses of 16 digits, where 32-bit targets of QEMU 1.x printed 8.

    A region over everything was as large as a signed number may be, of which these 8 digits are the end.
    """
    place = _NARROW.fullmatch(text)
    if place is None:
        return text
    before, start, end, rest = place.groups()
    if (start, end) == ("00000000", "fffffffe"):
        end = "7ffffffffffffffe"
    window = _NARROW_WINDOW.fullmatch(rest)
    if window:
        rest = f"{window[1]}{window[2]:0>16}-{window[3]:0>16}{window[4] or ''}"
    return f"{before}{start:0>16}-{end:0>16}{rest}"

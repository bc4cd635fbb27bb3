"""What the readers of monitor text share: its lines, their limits, and the suffixes that `-o` adds."""

from __future__ import annotations

from dataclasses import dataclass

from footprint.errors import InputFileError

LONGEST_LINE = 4096
"""A longer line is refused; real ones stay below 400 characters."""
MOST_LINES = 2_000_000
MASK = (1 << 64) - 1


@dataclass(frozen=True, slots=True)
class Source:
    """Where a text comes from: the file, and which of the monitor's answers in it (for errors)."""

    path: str
    answer: str = ""

    def error(self, reason: str, line: int | None = None) -> InputFileError:
        """An error about `line` of this text."""
        where = f"in the answer to {self.answer!r}: " if self.answer else ""
        return InputFileError(self.path, where + reason, line=line)

    def unexpected(self, text: str, expected: str, line: int) -> InputFileError:
        """An error about a line that is not what it should be; a long one is shown cut."""
        shown = text if len(text) <= 80 else text[:77] + "..."
        return self.error(f"{shown!r} is not {expected}", line)


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

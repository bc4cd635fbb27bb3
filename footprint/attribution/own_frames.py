"""Which stack frames are footprint's own: what runs the cycles, and what looks at them.

The one list of rooms whose code runs inside a measured process. Everything else in a stack is the target's, also a
target that footprint brings along (``footprint/engines``).
"""

from __future__ import annotations

from pathlib import Path
from types import FrameType
from typing import Tuple  # noqa: UP035 (a measured process may be Python 3.8)

SourceLine = Tuple[str, int]  # noqa: UP006
"""A file, and a line of it."""
PythonStack = Tuple[SourceLine, ...]  # noqa: UP006
"""Lines, innermost first."""

FRAMES = 64
"""Of a stack, innermost first, that are kept: the last is to be the target's own line."""

PACKAGE = str(Path(__file__).resolve().parents[1]) + "/"
"""The package's folder, with the slash that ends it."""

ROOMS = ("leaks", "attribution", "process")
"""The rooms whose code a measured process runs."""

RUNNER = f"{PACKAGE}leaks/measured_process.py"
"""The file that calls the target's cycle: below it in a stack nothing is the target's."""

_FOLDERS = tuple(f"{PACKAGE}{room}/" for room in ROOMS)


def is_own(file: str) -> bool:
    """Whether the code of `file`, an absolute path, is footprint's own and not a target's."""
    return file.startswith(_FOLDERS)


def theirs(stack: PythonStack) -> PythonStack | None:
    """The part of a stack, innermost first, that is the target's; None for what is our own."""
    for number, (file, _) in enumerate(stack):
        if file == RUNNER:
            return stack[:number]
        if is_own(file):
            return None
    return stack


def stack_of(frame: FrameType | None, line: int) -> PythonStack:
    """Where `frame` is, which stands at `line`, and what called it."""
    lines: list[SourceLine] = []
    while frame is not None and len(lines) < FRAMES:
        lines.append((frame.f_code.co_filename, line))
        frame = frame.f_back
        line = frame.f_lineno if frame is not None else 0
    return tuple(lines)


def is_package(file: str) -> bool:
    """Whether `file`, an absolute path, belongs to the package at all."""
    return file.startswith(PACKAGE)

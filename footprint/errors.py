"""The errors of footprint, and the exit code each one means.

::

    FootprintError
    ├── RequestError          the request is wrong: unknown name, bad value              exit 2
    │   ├── UnknownNameError  a name that is not there; lists those that are
    │   └── InputFileError    a file that cannot be read or is malformed; names file and line
    ├── TopologyError         a memory region operation that QEMU forbids                exit 2
    ├── MeasurementError      it could not be measured: backend missing, process died    exit 3
    └── OutputError           the answer could not be printed: standard output failed    exit 3

A "no" (a failed gate, a model that differs) is an answer, not an error: it exits 1 without one.
Evidence is kept in attributes; the message is one sentence.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path
from typing import Any


class FootprintError(Exception):
    """The base of every error that footprint raises on purpose."""

    exit_code = 2


class RequestError(FootprintError):
    """The request is wrong; the sentence says what was given and what is valid."""


class UnknownNameError(RequestError):
    """A name that does not exist.

    `kind` says what was looked for ("scenario"), `name` is what was given, `valid` are the names that exist.
    `hint` says what to do, where more is known than the name most like it.
    """

    def __init__(self, kind: str, name: str, valid: Iterable[str], *, hint: str = "") -> None:
        self.kind = kind
        self.name = name
        self.valid = tuple(valid)
        close = difflib.get_close_matches(name, self.valid, n=1)
        hint = f": {hint}" if hint else f" (did you mean {close[0]!r}?)" if close else ""
        super().__init__(f"unknown {kind} {name!r}{hint}; valid: {', '.join(self.valid) or 'none'}")


class InputFileError(RequestError):
    """A file that cannot be used: its `path`, the `line` at fault (or None), and the `reason`.

    `shown` is the text of that line, where it is known, and `column` (from 0) where in it the fault is.
    """

    def __init__(
        self, path: str | Path, reason: str, *, line: int | None = None, shown: str = "", column: int = 0
    ) -> None:
        self.path = str(path)
        self.line = line
        self.reason = reason
        self.shown = shown
        self.column = column
        where = self.path if line is None else f"{self.path}:{line}"
        super().__init__(f"{where}: {reason}")

    def __reduce__(self) -> tuple[Any, ...]:
        """Errors cross process borders by what they were made of."""
        return _remade, (self.path, self.reason, self.line, self.shown, self.column)


def _remade(path: str, reason: str, line: int | None, shown: str, column: int) -> InputFileError:
    return InputFileError(path, reason, line=line, shown=shown, column=column)


class TopologyError(FootprintError):
    """An operation on memory regions that QEMU forbids; the sentence names the regions."""


class MeasurementError(FootprintError):
    """It could not be measured; the sentence says why and what would help."""

    exit_code = 3


class OutputError(FootprintError):
    """Standard output cannot be written: the disk is full, or the stream is closed."""

    exit_code = 3


def reason_of(error: OSError) -> str:
    """The operating system's words for `error`, without its number and path, in lower case."""
    return (error.strerror or str(error)).lower()

"""The outcome of a verification: what agreed, what differed, and what had to be guessed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One difference: where, in which view, what was compared, what QEMU said and what the model says."""

    file: str
    view: str
    what: str
    expected: Any
    got: Any


@dataclass(slots=True)
class Verification:
    """The comparison of one file. `guesses` says what had to be guessed because the file does not say it.

    `repairs` says what was done to a foreign text before it could be read.
    """

    file: str
    views: int = 0
    views_exact: int = 0
    steps: int = 0
    steps_exact: int = 0
    mismatches: list[Mismatch] = field(default_factory=list)
    guesses: list[str] = field(default_factory=list)
    repairs: list[str] = field(default_factory=list)

    @property
    def exact(self) -> bool:
        """Whether everything agrees."""
        return not self.mismatches

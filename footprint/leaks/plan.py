"""How a target is to be measured."""

from __future__ import annotations

from dataclasses import dataclass

BLOCKS = 10
"""Of a window; garbage is collected and the target read after each."""


@dataclass(frozen=True, slots=True)
class Plan:
    """`cycles` to measure, in all (None: as many as the answer needs), of which `metrics` (None: all).

    `where`: whether to trace where it leaks.
    """

    cycles: int | None = None
    metrics: tuple[str, ...] | None = None
    where: bool = True

"""What is left when the machine is gone: every count of what exists, at the mark ``destroyed``."""

from __future__ import annotations

from dataclasses import dataclass

from footprint.recording.metrics import METRICS, MetricKind
from footprint.recording.model import Number, Run

_OF_THE_EMPTY_VIEW = {"flatviews.allocated", "modelled.bytes", "modelled.resident"}
"""What one view, that no address space uses, can be seen in."""


@dataclass(frozen=True, slots=True)
class Remains:
    """What `rules` left at ``destroyed``: every count of what exists that is not 0.

    `empty_view`: it is the one empty view, which QEMU makes once and never frees, and nothing else.
    """

    rules: str
    left: tuple[tuple[str, Number], ...]
    empty_view: bool

    @property
    def leaked(self) -> bool:
        """Something is left that QEMU would have freed."""
        return bool(self.left) and not self.empty_view


def remains(run: Run) -> Remains | None:
    """What `run` left; None if it was not destroyed, or its counts were not read."""
    sample = run.sample("destroyed")
    if sample is None or not any(name in sample.metrics for name in _gauges()):
        return None
    left = tuple((name, n) for name in _gauges() if (n := sample.metrics.get(name, 0)))
    has_one = run.features.get("empty_view") in ("on", "posted") and dict(left).get("flatviews.allocated") == 1
    return Remains(run.rules, left, has_one and {name for name, _ in left} <= _OF_THE_EMPTY_VIEW)


def _gauges() -> list[str]:
    return [name for name, row in METRICS.items() if row.gauge and row.kind is MetricKind.EXACT]

"""Eras: how descriptions of machines say what changed from one QEMU to a later one.

A row that not every QEMU has is `Dated`. What is not dated was always so, as far as this table goes back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")

ERAS: dict[str, tuple[str, ...]] = {
    "2.11": ("v2.10.0", "v2.11.0", "never released"),
    "7.2": ("v7.2.0",),
    "10.0": ("v10.0.0",),
    "11.1": ("v11.1.0",),
}
"""Every era, oldest first, with the releases (RuleSet.since) whose start-ups were compared with it."""


@dataclass(frozen=True, slots=True)
class Variant:
    """What chooses among dated rows: an era of ERAS, and the features that a machine's devices obey."""

    era: str
    features: frozenset[str] = frozenset()


NEWEST = Variant(list(ERAS)[-1], frozenset({"vga_edid"}))


@dataclass(frozen=True, slots=True)
class Dated(Generic[T]):
    """A row that stands from the era `since` to the one before `until`, with a feature or `without` it."""

    row: T
    since: str = "2.11"
    until: str = ""
    feature: str = ""
    without: str = ""

    def stands(self, variant: Variant) -> bool:
        """Whether a machine of that variant has the row."""
        order = list(ERAS)
        era = order.index(variant.era)
        if era < order.index(self.since) or (self.until and era >= order.index(self.until)):
            return False
        if self.feature and self.feature not in variant.features:
            return False
        return not self.without or self.without not in variant.features


def standing(rows: Sequence[T | Dated[T]], variant: Variant) -> tuple[T, ...]:
    """The rows that a machine of that variant has, in order."""
    return tuple(
        row.row if isinstance(row, Dated) else row for row in rows if not isinstance(row, Dated) or row.stands(variant)
    )

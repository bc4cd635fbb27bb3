"""The census probe: every count of one rule set's books, exact and the same on every machine."""

from __future__ import annotations

from collections.abc import Iterable

from footprint.memory.census import census
from footprint.memory.discard import Mapped, refuses
from footprint.memory.ledger import Ledger


def refused(ledger: Ledger, places: Iterable[Mapped]) -> int:
    """How many of the RamDiscardManagers that were set at these `places` the rule set of `ledger` refuses."""
    return sum(refuses(ledger.policies.discard_manager, place) for place in places)


class CensusProbe:
    """Reads a ledger's counts; never perturbs anything."""

    name = "census"
    intrusive = False
    what = "counts of the model, exact"

    def read(self, ledger: Ledger) -> dict[str, int]:
        """Every modelled metric."""
        return census(ledger)

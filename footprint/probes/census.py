"""The census probe: every count of one rule set's books, exact and the same on every machine."""

from __future__ import annotations

from footprint.memory.census import census
from footprint.memory.ledger import Ledger


class CensusProbe:
    """Reads a ledger's counts; never perturbs anything."""

    name = "census"
    intrusive = False
    what = "counts of the model, exact"

    def read(self, ledger: Ledger) -> dict[str, int]:
        """Every modelled metric."""
        return census(ledger)

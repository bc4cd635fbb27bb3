"""q35: the PCI Express machine on x86.

Question: What does a PCI Express PC with these devices cost, and under which rules?
"""

from footprint.scenario import scenario
from footprint.scenario.startup import cost, notes, params, start_up, topology


@scenario(
    "What does a PCI Express PC with these devices cost, and under which rules?",
    params=params("q35"),
    rules=("v2.10.0", "202fc01b05", "092aa2fc65", "v7.2.0"),
    answer=lambda recording: cost(recording, "this PCI Express PC"),
    notes=lambda p: notes("q35", firmware=p.firmware),
)
def q35(p):
    """Start the guest, stopped before its firmware runs or after; then take it down."""
    yield from start_up(topology("q35", p), firmware=p.firmware)

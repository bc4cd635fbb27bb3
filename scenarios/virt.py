"""virt: the Arm machine made for virtual guests.

Question: What does an Arm guest with these devices cost, and under which rules?
"""

from footprint.scenario import scenario
from footprint.scenario.startup import cost, notes, params, start_up, topology


@scenario(
    "What does an Arm guest with these devices cost, and under which rules?",
    params=params("virt"),
    rules=("v2.10.0", "202fc01b05", "092aa2fc65", "v7.2.0"),
    answer=lambda recording: cost(recording, "this Arm guest"),
    notes=lambda p: notes("virt", firmware=p.firmware),
)
def virt(p):
    """Start the guest, stopped before its firmware runs or after; then take it down."""
    yield from start_up(topology("virt", p), firmware=p.firmware)

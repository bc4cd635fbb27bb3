"""pc: the i440FX machine, QEMU's default on x86.

Question: What does a PC with these devices cost, and under which rules?
"""

from footprint.scenario import scenario
from footprint.scenario.startup import cost, notes, params, start_up, topology


@scenario(
    "What does a PC with these devices cost, and under which rules?",
    params=params("pc"),
    rules=("v2.10.0", "202fc01b05", "092aa2fc65", "v7.2.0"),
    answer=lambda recording: cost(recording, "this PC"),
    notes=lambda p: notes("pc", firmware=p.firmware),
)
def pc(p):
    """Start the guest, stopped before its firmware runs or after; then take it down."""
    yield from start_up(topology("pc", p), firmware=p.firmware)

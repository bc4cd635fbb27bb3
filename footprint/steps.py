"""Steps: what a scenario asks for, one frozen instruction each."""

from __future__ import annotations

from dataclasses import dataclass

from footprint.machines.topology import Topology
from footprint.qemu.capture import Capture
from footprint.qemu.oplog import OperationLog


@dataclass(frozen=True, slots=True)
class Build:
    """Start this machine, up to the moment before its firmware runs."""

    topology: Topology


@dataclass(frozen=True, slots=True)
class Replay:
    """Repeat every memory operation of a recorded start-up."""

    log: OperationLog


@dataclass(frozen=True, slots=True)
class Restore:
    """Build the machine that a capture shows, as it was when it was captured."""

    capture: Capture


@dataclass(frozen=True, slots=True)
class Settle:
    """Let the grace period end: what was released is freed."""


@dataclass(frozen=True, slots=True)
class Destroy:
    """Take the machine down: every space, every region."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Read the probes now, under this name. `cycle` numbers marks that come again."""

    name: str
    cycle: int = 0


Step = Build | Replay | Restore | Settle | Destroy | Mark

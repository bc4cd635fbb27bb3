"""Steps: what a scenario asks for, one frozen instruction each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import get_args, get_origin, get_type_hints

from footprint.errors import RequestError
from footprint.machines.topology import Device, Topology
from footprint.memory.followers import SlotListener
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
class Boot:
    """Let the machine's firmware run: BARs placed, windows opened, bus mastering allowed."""


@dataclass(frozen=True, slots=True)
class Plug:
    """Plug in this device while the machine runs."""

    device: Device


@dataclass(frozen=True, slots=True)
class Unplug:
    """Take out the device with this id."""

    id: str


@dataclass(frozen=True, slots=True)
class EnableBusMaster:
    """The guest lets the device with this id read and write memory."""

    id: str


@dataclass(frozen=True, slots=True)
class Commit:
    """Something else writes to the memory map: one commit after which every view shows what it showed."""


@dataclass(frozen=True, slots=True)
class ShowSlots:
    """Let exactly these slots of the virtio-mem device with this id be there; it is one transaction."""

    id: str
    slots: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Listen:
    """From now on a listener follows the space called `space`; `make` makes one for each rule set.

    Its counts are read at every mark, as ``listener.NAME.…``.
    """

    space: str
    name: str
    make: Callable[[], SlotListener]


@dataclass(frozen=True, slots=True)
class LoadFlash:
    """Let `count` processes run side by side, each with a flash image; without one where `size` is 0.

    The backend ``processes`` loads an image of `size` bytes in processes of its own; ``qemu`` starts that many guests
    of `machine` with their firmware's image, which has its own size.
    """

    count: int
    machine: str
    size: int


@dataclass(frozen=True, slots=True)
class MapPages:
    """Map memory `maps` times, piece by piece, in each of `engines` Unicorn engines of `arch`."""

    arch: str
    maps: int
    engines: int


READER = ("look", "take", "drop")
"""What a reader does with a view."""


@dataclass(frozen=True, slots=True)
class Read:
    """A reader of "memory" looks at its view in an RCU section, takes a reference and leaves, or drops it."""

    action: str

    def __post_init__(self) -> None:
        if self.action not in READER:
            raise RequestError(f"Read({self.action!r}) is not valid; a reader can {', '.join(READER)}")


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


Step = (
    Build
    | Boot
    | Plug
    | Unplug
    | EnableBusMaster
    | Commit
    | Read
    | ShowSlots
    | Listen
    | LoadFlash
    | MapPages
    | Replay
    | Restore
    | Settle
    | Destroy
    | Mark
)

_PARTS: dict[type, dict[str, type]] = {
    kind: {name: get_origin(part) or part for name, part in get_type_hints(kind).items()} for kind in get_args(Step)
}
"""What each step is made of, by the names of its fields."""


def fault_of(step: object) -> str:
    """What is wrong with `step`, which somebody's script made: not a Step, or of the wrong stuff; or nothing."""
    if not isinstance(step, Step):
        return f"the steps are {', '.join(kind.__name__ for kind in get_args(Step))}"
    for name, kind in _PARTS[type(step)].items():
        value = getattr(step, name)
        if not isinstance(value, kind):
            return f"its {name} is to be of type {kind.__name__}, not {type(value).__name__}"
    return ""

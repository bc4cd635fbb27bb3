"""pseries machines: IBM POWER guests of any size."""

from __future__ import annotations

from footprint.errors import RequestError
from footprint.machines.machine_types import PSERIES
from footprint.machines.topology import FUNCTIONS, SLOTS, Device, Topology

FIRST_BRIDGE_SLOT = 2
CARDS_TO_A_BRIDGE = 7
MOST_CARDS_ON_A_BRIDGE = SLOTS - 1


def pseries(
    *, cpus: int, nics: int = 0, bridges: int = 0, vga: bool = False, ohci: int = 0, scsi: int = 0,
    memory: int = 1 << 30,
) -> Topology:  # fmt: skip
    """A POWER8 guest with `nics` virtio-net-pci behind `bridges` PCI bridges.

    On the command line stand VGA, OHCI, virtio-scsi, all bridges, all cards. Bridges take eight
    functions a slot of the root bus, from slot 2. Cards go behind the bridges in order, seven to a
    bridge; when there are more, evenly, at most 31 to a bridge; without bridges, one a slot on the root
    bus. OHCI and virtio-scsi take the next free slots. Raises RequestError for what finds no place.
    """
    free = FIRST_BRIDGE_SLOT + -(-bridges // FUNCTIONS)
    if free > SLOTS:
        raise RequestError(
            f"{bridges} bridges find no place on the root bus: at most {(SLOTS - FIRST_BRIDGE_SLOT) * FUNCTIONS}"
        )
    wanted = free - FIRST_BRIDGE_SLOT + (0 if bridges else nics) + ohci + scsi
    if wanted > SLOTS - FIRST_BRIDGE_SLOT:
        raise RequestError(
            f"{bridges or nics} {'bridges' if bridges else 'cards'} and {ohci + scsi} controllers "
            f"need {wanted} slots of the root bus, which has {SLOTS - FIRST_BRIDGE_SLOT} for them"
            + ("" if bridges else "; put the cards behind bridges")
        )
    bridge_devices = [
        Device("pci-bridge", f"bridge{i}", "pci.0", FIRST_BRIDGE_SLOT + i // FUNCTIONS, i % FUNCTIONS)
        for i in range(bridges)
    ]
    if bridges:
        cards = _behind(bridge_devices, nics)
    else:
        cards = [Device("virtio-net-pci", f"nic{i}", "pci.0", free + i) for i in range(nics)]
        free += nics
    singles = [("pci-ohci", f"ohci{i}") for i in range(ohci)] + [("virtio-scsi-pci", f"scsi{i}") for i in range(scsi)]
    front = [Device("VGA", "vga", "pci.0", PSERIES.vga_slot)] if vga else []
    front += [Device(kind, name, "pci.0", free + i) for i, (kind, name) in enumerate(singles)]
    return Topology("pseries", cpus, memory, (*front, *bridge_devices, *cards))


def _behind(bridges: list[Device], nics: int) -> list[Device]:
    most = MOST_CARDS_ON_A_BRIDGE * len(bridges)
    if nics > most:
        raise RequestError(
            f"{nics} cards find no place behind {len(bridges)} bridge{'s' if len(bridges) > 1 else ''}: "
            f"at most {most}, {MOST_CARDS_ON_A_BRIDGE} to a bridge"
        )
    crowded = nics > CARDS_TO_A_BRIDGE * len(bridges)
    cards: list[Device] = []
    filled = [0] * len(bridges)
    for i in range(nics):
        number = i * len(bridges) // nics if crowded else i // CARDS_TO_A_BRIDGE
        filled[number] += 1
        cards.append(Device("virtio-net-pci", f"nic{i}", bridges[number].id, filled[number]))
    return cards

"""pseries machines: IBM POWER guests of any size."""

from __future__ import annotations

from footprint.errors import RequestError
from footprint.machines.machine_types import PSERIES
from footprint.machines.topology import FUNCTIONS, SLOTS, Device, Topology

FIRST_SLOT = 2
CARDS_TO_A_BRIDGE = 7
MOST_CARDS_ON_A_BRIDGE = SLOTS - 1


def pseries(
    *, cpus: int, nics: int = 0, bridges: int = 0, vga: bool = False, ohci: int = 0, scsi: int = 0,
    memory: int = 1 << 30, host_bridges: int = 1,
) -> Topology:  # fmt: skip
    """A POWER8 guest with `nics` virtio-net-pci behind `bridges` PCI bridges, on the buses of `host_bridges`.

    On the command line stand the other host bridges, VGA, OHCI, virtio-scsi, all bridges, all cards. Bridges take
    eight functions a slot of a root bus, from slot 2; with several root buses they are spread evenly, in order. Cards
    go behind the bridges in order, seven to a bridge; when there are more, evenly, at most 31 to a bridge; without
    bridges, one a slot on the root buses. OHCI and virtio-scsi take the next free slots of the first root bus. Raises
    RequestError for what finds no place.
    """
    roots = ["pci.0", *(f"phb{index}.0" for index in range(1, host_bridges))]
    on_roots, functions = (bridges, FUNCTIONS) if bridges else (nics, 1)
    fullest = -(-on_roots // host_bridges)
    slots = -(-fullest // functions)
    _check_room(slots, ohci + scsi, bridges, nics, host_bridges)
    if bridges:
        places = _spread(bridges, roots, FUNCTIONS)
        bridge_devices = [Device("pci-bridge", f"bridge{i}", *place) for i, place in enumerate(places)]
        cards = _behind(bridge_devices, nics)
    else:
        bridge_devices = []
        cards = [Device("virtio-net-pci", f"nic{i}", *place) for i, place in enumerate(_spread(nics, roots, 1))]
    free = FIRST_SLOT + slots
    singles = [("pci-ohci", f"ohci{i}") for i in range(ohci)] + [("virtio-scsi-pci", f"scsi{i}") for i in range(scsi)]
    front = [Device("VGA", "vga", "pci.0", PSERIES.vga_slot)] if vga else []
    front += [Device(kind, name, "pci.0", free + i) for i, (kind, name) in enumerate(singles)]
    return Topology("pseries", cpus, memory, (*front, *bridge_devices, *cards), host_bridges=host_bridges)


def _check_room(slots: int, singles: int, bridges: int, nics: int, host_bridges: int) -> None:
    """Raise RequestError where the first root bus, the fullest, has not `slots` slots and one for each of `singles`."""
    room = SLOTS - FIRST_SLOT
    buses = "the root bus" if host_bridges == 1 else f"{host_bridges} root buses"
    if bridges and slots > room:
        raise RequestError(
            f"{bridges} bridges find no place on {buses}: at most {room * FUNCTIONS * host_bridges}"
            "; more host bridges have more"
        )
    if slots + singles > room:
        where = "the root bus" if host_bridges == 1 else "the first root bus"
        raise RequestError(
            f"{bridges or nics} {'bridges' if bridges else 'cards'} and {singles} controllers "
            f"need {slots + singles} slots of {where}, which has {room} for them"
            + ("" if bridges else "; put the cards behind bridges")
        )


def _spread(count: int, roots: list[str], functions: int) -> list[tuple[str, int, int]]:
    """Places (bus, slot, function) for `count` devices: evenly on the root buses, in order, `functions` to a slot."""
    places: list[tuple[str, int, int]] = []
    filled = [0] * len(roots)
    for i in range(count):
        number = i * len(roots) // count
        places.append((roots[number], FIRST_SLOT + filled[number] // functions, filled[number] % functions))
        filled[number] += 1
    return places


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

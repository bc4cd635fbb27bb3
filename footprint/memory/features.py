"""Features: the historical behaviours of QEMU that a rule set is made of, and how they are written.

Each field is read in one place (tests/test_house_rules.py): the memory core's in
:mod:`footprint.memory.policies`, the machine's where the model wires machines.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from footprint.errors import RequestError, UnknownNameError

ON_OFF = {"on": True, "off": False}


@dataclass(frozen=True, slots=True)
class Features:
    """One frozen set of behaviours; the defaults are those of QEMU 11.1.0.

    Field by field, what it chooses and which commit changed it:

    `dispatch`: who owns dispatch trees, ``per-space`` or ``per-view``. QEMU commit 66a6df1dc6
    ("memory: Move AddressSpaceDispatch from AddressSpace to FlatView") (in v2.11.0).
    `sharing`: ``none``, a view per space; ``root``, per unaliased root, QEMU commit 967dc9b119
    ("memory: Share FlatView's and dispatch trees between address spaces") (in v2.11.0); ``child``,
    also through single enabled children, QEMU commit e673ba9af9 ("memory: seek FlatView sharing
    candidates among children subregions") (in v2.11.0).
    `empty_view`: one view for spaces that show nothing, ``on``: QEMU commit 092aa2fc65 ("memory:
    Share special empty FlatView") (in v2.11.0); ``posted``: as first posted, rendered and given up.
    `view_at_init`: what a new space does. ``empty+commit``: an empty view, then a commit;
    ``commit``: QEMU commit 67ace39b25 ("memory: Avoid temporary FlatView allocation") (in v2.11.0);
    ``direct``: QEMU commit 202fc01b05 ("memory: Create FlatView directly") (in v2.11.0).
    `cpu_spaces`: ``global``, CPUs use "memory"; ``shareable``, one more space for all CPUs with the
    same root, QEMU commit 6731d864f8 ("qom/cpu: Add MemoryRegion property") (in v2.6.0);
    ``separate``, one each (with 967dc9b119).
    `virtio_cfg_space`: each virtio-pci function has a private configuration space; removed by QEMU
    commit a93c8d828a ("virtio-pci: Replace modern_as with direct access to modern_bar") (in v2.11.0), made
    again, now on the modern BAR itself, by QEMU commit 55fa4be6f7 ("virtio-pci: fix memory_region_find for
    VirtIOPCIRegion's MR") (in v9.2.0).
    `bridge_spaces`: each PCI bridge has a space for the memory and one for the ports behind it (with 55fa4be6f7).
    `level_skipping`: QEMU commit b35ba30f8f ("exec: memory radix tree page level compression") (in v2.0.0).
    `level_bits`: a what-if. Address bits that a level of the radix tree decides: 9 in every QEMU modelled (QEMU
    commit 026736cebf ("exec: make all tree levels equal") (in v2.0.0)).
    `node_reserve`: ``doubling``, or ``hint``, a process-wide hint that never shrinks: QEMU commit
    101420b886 (2016, after v2.6.0).
    `view_reference`: how a reader takes a view. ``plain``, also one that is about to be freed; ``unless-zero``: QEMU
    commit 447b0d0b9e ("memory: avoid "resurrection" of dead FlatViews") (in v2.11.0).
    `dummy_sections`: 4, or 1 since v4.2.0 (QEMU commits 50b107c5d6, 08565552f7, 7b0d792ce1).
    `nonvolatile`: non-volatile ranges do not merge with others: QEMU commit c26763f8ec ("memory:
    learn about non-volatile memory region") (in v3.1.0).
    `unmergeable`: regions can forbid merging: QEMU commit 533f5d6679 ("memory,vhost: Allow for
    marking memory device memory regions unmergeable") (in v8.2.0).
    `discard_manager`: on which RAM a RamDiscardManager can be set. ``none``, there is no such thing before v6.1.0;
    ``unmapped``, where it is mapped nowhere; ``any``, wherever it is (in v8.2.0).
    `vga_edid`: the standard VGA has an EDID region, one commit more (7.2 has it, 2.11 has not).
    `machine`: the QEMU whose start-up the modelled machines repeat, as far as the machine is known of it
    (footprint.machines.eras).
    `transactions`: a what-if that no QEMU had. ``call``, as in every QEMU: each call on the memory API is a
    transaction of its own. ``device``: one transaction around each device's realize. ``machine``: one from the
    beginning of the board's initialisation to just before the first reset.
    `release`: off shows what a machine without release functions leaves behind.
    """

    dispatch: str = "per-view"
    sharing: str = "child"
    empty_view: str = "on"
    view_at_init: str = "direct"
    cpu_spaces: str = "separate"
    virtio_cfg_space: bool = True
    bridge_spaces: bool = True
    level_skipping: bool = True
    level_bits: int = 9
    node_reserve: str = "hint"
    view_reference: str = "unless-zero"
    dummy_sections: int = 1
    nonvolatile: bool = True
    unmergeable: bool = True
    discard_manager: str = "any"
    vga_edid: bool = True
    machine: str = "11.1"
    transactions: str = "call"
    release: bool = True

    def __post_init__(self) -> None:
        for name, choices in CHOICES.items():
            value = getattr(self, name)
            if value not in choices.values():
                raise RequestError(f"feature {name}={value!r} is not one of {', '.join(choices)}")

    def replaced(self, assignments: dict[str, str]) -> Features:
        """These features with some changed, given as text: ``{"empty_view": "off"}``.

        Raises UnknownNameError for an unknown feature, RequestError for a value it does not have.
        """
        changes: dict[str, Any] = {}
        for name, text in assignments.items():
            if name not in CHOICES:
                raise UnknownNameError("feature", name, CHOICES)
            if text not in CHOICES[name]:
                raise RequestError(f"feature {name}={text} is not valid; {name} is one of {', '.join(CHOICES[name])}")
            changes[name] = CHOICES[name][text]
        return dataclasses.replace(self, **changes)

    def as_text(self) -> dict[str, str]:
        """Every feature with its value as one writes it on the command line."""
        texts = {}
        for name, choices in CHOICES.items():
            value = getattr(self, name)
            texts[name] = next(text for text, choice in choices.items() if choice == value)
        return texts


def _words(*words: str) -> dict[str, Any]:
    return {word: word for word in words}


CHOICES: dict[str, dict[str, Any]] = {
    "dispatch": _words("per-space", "per-view"),
    "sharing": _words("none", "root", "child"),
    "empty_view": _words("off", "posted", "on"),
    "view_at_init": _words("empty+commit", "commit", "direct"),
    "cpu_spaces": _words("global", "shareable", "separate"),
    "virtio_cfg_space": dict(ON_OFF),
    "bridge_spaces": dict(ON_OFF),
    "level_skipping": dict(ON_OFF),
    "level_bits": {"9": 9, "4": 4, "12": 12},
    "node_reserve": _words("doubling", "hint"),
    "view_reference": _words("plain", "unless-zero"),
    "dummy_sections": {"4": 4, "1": 1},
    "nonvolatile": dict(ON_OFF),
    "unmergeable": dict(ON_OFF),
    "discard_manager": _words("none", "unmapped", "any"),
    "vga_edid": dict(ON_OFF),
    "machine": _words("2.11", "7.2", "10.0", "11.1"),
    "transactions": _words("call", "device", "machine"),
    "release": dict(ON_OFF),
}
"""Every feature, with the words for its values."""

"""The memory of a virtio-mem device: one RAM region, shown in slots.

See docs/qemu-memory.md, "Unmergeable memory slots".
"""

from __future__ import annotations

from collections.abc import Collection

from footprint.errors import RequestError
from footprint.machines.parts import Slots
from footprint.memory import region as make
from footprint.memory.core import MemoryCore
from footprint.memory.region import MemoryRegion


class SlottedMemory:
    """The RAM of the device `owner`, and what shows it: `window` goes into the memory kept for modules.

    `shown` are the numbers of the slots that are there.
    """

    def __init__(self, core: MemoryCore, plan: Slots, owner: str) -> None:
        self.plan = plan
        self.shown: frozenset[int] = frozenset()
        self._core = core
        self._owner = owner
        self._ram = make.ram(f"{owner}-memory", plan.bytes, owner=owner)
        self._slots: list[MemoryRegion] = []
        self.window = make.container("virtio-mem", plan.bytes, owner=owner) if plan.dynamic else self._ram
        if plan.manager == "before":
            core.discard_managers.set(self._ram)
        for number in range(plan.count if plan.dynamic else 0):
            slot = make.alias(f"memslot-{number}", self._ram, number * plan.size, plan.size, owner=owner)
            core.set_unmergeable(slot, True)
            self._slots.append(slot)

    @property
    def regions(self) -> list[MemoryRegion]:
        """Every region, in the order in which they are made."""
        return list(dict.fromkeys((self._ram, self.window, *self._slots)))

    def plugged(self) -> None:
        """The window is mapped now."""
        if not self.plan.dynamic:
            self._set_late_manager()

    def show(self, wanted: Collection[int]) -> None:
        """Let exactly the slots `wanted` be there: what comes and what goes is one transaction."""
        if not set(wanted) <= set(range(self.plan.count)):
            raise RequestError(f"{self._owner} has slots 0 to {self.plan.count - 1}, not {sorted(wanted)}")
        self.shown, before = frozenset(wanted), self.shown
        if not self.plan.dynamic:
            return
        with self._core.transaction():
            for number, slot in enumerate(self._slots):
                if number in self.shown - before:
                    self._core.add_subregion(self.window, number * self.plan.size, slot)
                elif number in before - self.shown:
                    self._core.del_subregion(self.window, slot)
        self._set_late_manager()

    def _set_late_manager(self) -> None:
        if self.plan.manager == "after" and self._ram not in self._core.discard_managers.places:
            self._core.discard_managers.set(self._ram)

"""Replaying an operation log on a memory core (docs/qemu-memory.md, "Operation logs").

Each logged call wraps itself in a transaction, so a call that changes something is followed by its own
``commit`` line; a ``set_address`` that moves a placed region by an inner ``del`` and three. Any other
``commit`` closes a logged ``begin``; where there is none it came from a call that is not logged.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from footprint.errors import InputFileError, TopologyError
from footprint.memory import region as make
from footprint.memory.core import MemoryCore
from footprint.memory.region import MemoryRegion, size_of
from footprint.memory.space import space_kind
from footprint.qemu.oplog import Add, Del, Init, Name, NewView, Operation, OperationLog, Plain, Set, SpaceInit

_MAKERS = {
    "container": make.container,
    "io": make.io,
    "ram": make.ram,
    "ramres": make.ram,
    "ramptr": make.ram,
    "ramfile": make.ram,
    "ramdev": make.ram_device,
    "rom": make.rom,
    "romdev": make.rom_device,
    "iommu": make.iommu,
}


LAST_BEFORE_THE_BOARD = "I/O"
"""The space after which QEMU initialises the board."""


class Replayer:
    """Plays a log's operations on `core`, one at a time; `regions` are those initialised so far.

    A rule set with one transaction for the machine holds it from the board's initialisation to the end of the log,
    which does not say where the first reset begins.
    """

    def __init__(self, core: MemoryCore, log: OperationLog) -> None:
        self.core = core
        self.log = log
        self._named: dict[str, MemoryRegion] = {}
        self._own_commits = 0
        self._own_dels = 0
        self._transactions = 0
        self._board = ExitStack()

    @property
    def regions(self) -> list[MemoryRegion]:
        """Every region of the log that still is."""
        return list(self._named.values())

    def replay(self) -> None:
        """Play the whole log; raises InputFileError where it cannot be."""
        for operation in self.log.operations:
            self.obey(operation)
        self.finish()

    def obey(self, operation: Operation) -> None:
        """Play the log's next operation; raises InputFileError where it cannot be."""
        try:
            self._obey(operation)
        except TopologyError as error:
            raise InputFileError(self.log.path, str(error), line=operation.line) from None
        if isinstance(operation, SpaceInit) and operation.name == LAST_BEFORE_THE_BOARD:
            self._board.enter_context(self.core.held("machine"))

    def finish(self) -> None:
        """Close the transactions that are still open where the log ends."""
        while self._transactions:
            self._transactions -= 1
            self.core.commit()
        self._board.close()

    def _obey(self, operation: Operation) -> None:
        if isinstance(operation, NewView):
            return
        if isinstance(operation, Plain):
            self._bracket(operation.word)
            return
        if isinstance(operation, Init):
            self._init(operation)
            return
        if isinstance(operation, Del) and self._own_dels:
            self._own_dels -= 1
            return
        self._own_dels = 0
        self._own_commits = 1
        core = self.core
        match operation:
            case SpaceInit(_, name, root):
                self._own_commits = 0
                core.create_space(name, self._region(root), kind=space_kind(name))
            case Add(_, parent, addr, child, priority):
                core.add_subregion(self._region(parent), addr, self._region(child), priority=priority)
            case Del(_, parent, child):
                core.del_subregion(self._region(parent), self._region(child))
            case Set():
                self._set(operation)

    def _bracket(self, word: str) -> None:
        if word == "begin":
            self._own_commits = 0
            self._transactions += 1
            self.core.begin()
        elif self._own_commits:
            self._own_commits -= 1
        elif self._transactions:
            self._transactions -= 1
            self.core.commit()

    def _init(self, init: Init) -> None:
        target = self._region(init.target) if init.target else None
        old = self._named.get(init.region.id)
        if old is not None and old is not target:
            self.core.finalize(old)
        size = size_of(init.size)
        if target is not None:
            region = make.alias(init.region.name, target, init.offset, size)
        else:
            region = _MAKERS[init.kind](init.region.name, size)
        self._named[init.region.id] = region

    def _set(self, call: Set) -> None:
        region, core, value = self._region(call.region), self.core, call.value
        setters: dict[str, tuple[int, Callable[[MemoryRegion, Any], None], int]] = {
            "set_enabled": (region.enabled, core.set_enabled, bool(value)),
            "set_size": (region.size, core.set_size, size_of(value)),
            "set_address": (region.addr, core.set_address, value),
            "set_alias_offset": (region.alias_offset, core.set_alias_offset, value),
            "set_readonly": (region.readonly, core.set_readonly, bool(value)),
            "set_nonvolatile": (region.nonvolatile, core.set_nonvolatile, bool(value)),
            "set_unmergeable": (region.unmergeable, core.set_unmergeable, bool(value)),
            "rom_device_set_romd": (region.romd_mode, core.set_romd, bool(value)),
        }
        if call.setter == "set_log":
            before = region.logging > 0
            core.set_log(region, bool(value))
            self._own_commits = int(before != (region.logging > 0))
            return
        now, setter, wanted = setters[call.setter]
        self._own_commits = int(now != wanted)
        if call.setter == "set_address" and now != wanted:
            placed = region.container is not None
            self._own_commits, self._own_dels = (3, 1) if placed else (0, 0)
        setter(region, wanted)

    def _region(self, name: Name) -> MemoryRegion:
        """The region of that ID; one that was never initialised is all zeroes, and disabled."""
        region = self._named.get(name.id)
        if region is None:
            if name.name != "?":
                raise TopologyError(f"region {name.name}#{name.id} was not initialised before this line")
            region = self._named[name.id] = MemoryRegion(None, 0, enabled=False)
        return region

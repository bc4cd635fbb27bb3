"""The model backend: obeys Steps with a memory core, under one or several rule sets in one pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from footprint.backends.boards import BOARDS, boot
from footprint.backends.boards.board import Board, dismantle
from footprint.backends.boards.pci import Function, Wiring
from footprint.errors import RequestError, TopologyError, UnknownNameError
from footprint.machines.eras import ERAS
from footprint.machines.machine_types import MACHINE_TYPES
from footprint.memory.core import MemoryCore
from footprint.memory.followers import SlotListener
from footprint.memory.ledger import Ledger
from footprint.memory.policies import choose
from footprint.memory.radix import Pages
from footprint.memory.region import MemoryRegion
from footprint.memory.rules import RuleSet
from footprint.qemu.command_devices import device_types
from footprint.qemu.oplog import OperationLog
from footprint.scenario.scenario import Scenario
from footprint.scenario.steps import (
    Boot,
    Build,
    Commit,
    Destroy,
    EnableBusMaster,
    Listen,
    LoadFlash,
    MapPages,
    Mark,
    Plug,
    Read,
    Replay,
    Restore,
    Settle,
    ShowSlots,
    Step,
    Unplug,
)


class ModelBackend:
    """Plays a scenario on a memory core. `rules` must ask for the same wiring (:func:`passes`).

    The core is made when the first step tells the target's page size. `guesses` are sentences about what
    an input did not say, `findings` about what a device left behind and should not have. `device_types` knows
    every device that was asked for by its id.
    """

    name = "model"

    def __init__(self, rules: Sequence[RuleSet], *, host_page: int = 4096) -> None:
        self.rules = tuple(rules)
        self.host_page = host_page
        self.wiring = Wiring.of(self.rules[0].features)
        self.guesses: list[str] = []
        self.findings: list[str] = []
        self.device_types: dict[str, str] = {}
        self._core: MemoryCore | None = None
        self._board: Board | None = None
        self._listeners: dict[Ledger, dict[str, SlotListener]] = {}
        self._regions: list[MemoryRegion] = []

    @property
    def core(self) -> MemoryCore:
        """The memory core; one with pages of 4 KiB where no step has told otherwise."""
        return self._core or self._start(Pages())

    def _start(self, pages: Pages) -> MemoryCore:
        if self._core is not None:
            raise TopologyError("a scenario builds one machine; it asked for a second")
        self._core = MemoryCore(self.rules, pages=pages, host_page=self.host_page)
        return self._core

    @property
    def ledgers(self) -> tuple[Ledger, ...]:
        """The books, one for each rule set."""
        return self.core.ledgers

    @property
    def regions(self) -> list[MemoryRegion]:
        """Every region of the machine that still is."""
        return list(self._board.regions) if self._board is not None else list(self._regions)

    def prepare(self, scenario: Scenario, steps: Sequence[Step]) -> None:
        """Nothing: a memory core takes every step."""

    def obey(self, step: Step) -> None:
        """Do what `step` says; a Mark asks for nothing."""
        match step:
            case Build(topology):
                if topology.machine not in BOARDS:
                    raise RequestError(
                        f"{topology.machine} is not modelled ({', '.join(BOARDS)} are); use -b qemu, or a capture of it"
                    )
                self.device_types.update((device.id, device.type) for device in topology.devices)
                self._board = BOARDS[topology.machine](self._start(Pages()), topology, self.wiring)
                self._board.build()
            case Boot():
                boot(self._machine)
            case Plug(device):
                self.device_types[device.id] = device.type
                self._machine.plug(device)
            case Unplug(name):
                self._unplug(name)
            case EnableBusMaster(name):
                self._machine.enable_master(name)
            case Commit():
                self._machine.commit()
            case Replay(log):
                self._replay(log)
            case Restore(capture):
                from footprint.reconstruct.page_size import page_size
                from footprint.reconstruct.restore import restore

                self.device_types |= device_types(capture.command)
                pages, guess = page_size(capture)
                restored = restore(capture, self._start(pages))
                self._regions = list(restored.regions)
                self.guesses += [*restored.guesses, *([guess] if guess else [])]
            case ShowSlots(name, slots):
                self._machine.show_slots(name, slots)
            case Listen():
                self._listen(step)
            case Read(action):
                self._read(action)
            case Settle():
                self.core.settle()
            case Destroy():
                self._destroy()
            case LoadFlash() | MapPages():
                raise RequestError(f"the model does not take {type(step).__name__}; it is for processes or engines")
            case Mark():
                pass

    def _listen(self, step: Listen) -> None:
        for ledger in self.ledgers:
            space = next((space for space in ledger.spaces if space.name == step.space), None)
            if space is None:
                raise UnknownNameError("address space", step.space, (space.name for space in ledger.spaces))
            listener = step.make()
            ledger.listen(space, listener)
            listener.start()
            self._listeners.setdefault(ledger, {})[step.name] = listener

    def heard(self, ledger: Ledger) -> dict[str, int]:
        """What the listeners of `ledger` have counted, by metric."""
        return {
            f"listener.{name}.{what}": n
            for name, listener in self._listeners.get(ledger, {}).items()
            for what, n in listener.figures().items()
        }

    def _read(self, action: str) -> None:
        memory = next(iter(self.core.spaces))
        for ledger in self.ledgers:
            match action:
                case "look":
                    ledger.reader.look(memory)
                case "take":
                    ledger.reader.take()
                case "drop":
                    ledger.reader.drop()

    def _unplug(self, name: str) -> None:
        function = self._machine.unplug(name)
        if not self.wiring.releases:
            self.findings.append(self._leak_of(function))

    def _leak_of(self, function: Function) -> str:
        """What a device left behind that no rule set here would have had without it, in a sentence."""
        known = {space for ledger in self.ledgers for space in ledger.spaces}
        spaces = [space for space in function.spaces if space in known]
        absent = {space.root for space in function.spaces if space not in known and space.kind}
        regions = [region.name or "(noname)" for region in function.regions if region not in absent]
        return (
            f"Leak with release=off: every unplug of the device {function.device.id!r} ({function.device.type}) leaves "
            f"behind {_counted(spaces, 'address space')} ({', '.join(space.name for space in spaces)}) and "
            f"{_counted(regions, 'region')} ({', '.join(regions)})."
        )

    @property
    def _machine(self) -> Board:
        if self._board is None:
            raise TopologyError("this step needs a machine; the scenario has built none")
        return self._board

    def _replay(self, log: OperationLog) -> None:
        from footprint.backends.replayer import Replayer

        for one in self.rules:
            if choose(one.features, one.own).transactions == "device":
                raise RequestError(
                    f"{one.name}: an operation log does not say where a device begins and ends; "
                    "transactions is call or machine for a log"
                )
            if choose(one.features, one.own).transactions == "machine":
                self.guesses.append(
                    "a log does not say where the first reset begins: the one transaction lasts to its end"
                )
        size = log.subpage_size
        replayer = Replayer(self._start(Pages(size.bit_length() - 1) if size else Pages()), log)
        replayer.replay()
        self._regions = replayer.regions

    def _destroy(self) -> None:
        if not self.wiring.releases:
            return
        if self._board is not None:
            self._board.destroy()
            self._board = None
        else:
            dismantle(self.core, self._regions)
            self._regions.clear()


def _counted(things: Sequence[object], what: str) -> str:
    return f"{len(things)} {what}{'' if len(things) == 1 else 's'}"


def passes(rules: Sequence[RuleSet], machine: str = "") -> list[tuple[RuleSet, ...]]:
    """`rules` in groups whose machines are wired alike: one pass over the operations serves each group.

    `machine` is the machine that will be built, where there is one: rule sets of several eras share a pass where
    it starts up alike in them.
    """
    groups: dict[Wiring, list[RuleSet]] = {}
    for rule_set in rules:
        groups.setdefault(_first_alike(Wiring.of(rule_set.features), machine), []).append(rule_set)
    return [tuple(group) for group in groups.values()]


def _first_alike(wiring: Wiring, machine: str) -> Wiring:
    """The same wiring in the oldest era in which `machine` starts up as it does in that of `wiring`."""
    if machine not in MACHINE_TYPES:
        return wiring
    variant = wiring.variant
    eras = [replace(variant, era=era) for era in ERAS]
    alike = (older for older in eras if MACHINE_TYPES[machine].starts_alike(older, variant))
    return replace(wiring, variant=next(alike))

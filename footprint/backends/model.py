"""The model backend: obeys Steps with a memory core, under one or several rule sets in one pass."""

from __future__ import annotations

from collections.abc import Sequence

from footprint.backends.boards import BOARDS
from footprint.backends.boards.board import Board, dismantle
from footprint.backends.boards.pci import Wiring
from footprint.backends.replay import Replayer
from footprint.memory.core import MemoryCore
from footprint.memory.ledger import Ledger
from footprint.memory.rules import RuleSet
from footprint.qemu.oplog import OperationLog
from footprint.steps import Build, Destroy, Mark, Replay, Settle, Step


class ModelBackend:
    """Plays a scenario on a memory core. `rules` must ask for the same wiring (:func:`passes`)."""

    name = "model"

    def __init__(self, rules: Sequence[RuleSet], *, host_page: int = 4096) -> None:
        self.rules = tuple(rules)
        self.wiring = Wiring.of(self.rules[0].features)
        self.core = MemoryCore(self.rules, host_page=host_page)
        self._board: Board | None = None
        self._replayer: Replayer | None = None

    @property
    def ledgers(self) -> tuple[Ledger, ...]:
        """The books, one for each rule set."""
        return self.core.ledgers

    def obey(self, step: Step) -> None:
        """Do what `step` says. A Mark asks for nothing: whoever plays the scenario reads then."""
        match step:
            case Build(topology):
                self._board = BOARDS[topology.machine](self.core, topology, self.wiring)
                self._board.build()
            case Replay(log):
                self._replay(log)
            case Settle():
                self.core.settle()
            case Destroy():
                self._destroy()
            case Mark():
                pass

    def _replay(self, log: OperationLog) -> None:
        self._replayer = Replayer(self.core, log)
        for _ in self._replayer.play():
            pass

    def _destroy(self) -> None:
        if not self.wiring.releases:
            return
        if self._board is not None:
            self._board.destroy()
        if self._replayer is not None:
            dismantle(self.core, self._replayer.regions)


def passes(rules: Sequence[RuleSet]) -> list[tuple[RuleSet, ...]]:
    """`rules` in groups whose machines are wired alike: one pass over the operations serves each group."""
    groups: dict[Wiring, list[RuleSet]] = {}
    for one in rules:
        groups.setdefault(Wiring.of(one.features), []).append(one)
    return [tuple(group) for group in groups.values()]

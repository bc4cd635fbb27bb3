"""What must be said of rule sets that are not simply the QEMU whose start-up the model repeats."""

from __future__ import annotations

from collections.abc import Sequence

from footprint.backends.boards.pci import Wiring
from footprint.machines.eras import ERAS
from footprint.machines.machine_types import MACHINE_TYPES
from footprint.memory.policies import choose
from footprint.memory.releases import release
from footprint.memory.rules import RuleSet

_HELD = {
    "device": "one transaction goes around each device's realize",
    "machine": "one transaction is held from the beginning of the board's init to just before the first reset",
}


def remarks_on(rules: Sequence[RuleSet], machine: str) -> list[str]:
    """Sentences on the machine that each rule set plays, and on what no QEMU ever did.

    `machine` is the machine that is built; empty where none is.
    """
    return [*_on_eras(rules, machine), *_on_transactions(rules)]


def _on_eras(rules: Sequence[RuleSet], machine: str) -> list[str]:
    """Which rule sets play `machine` as another QEMU than their own starts it up, in a sentence for each such QEMU."""
    if machine not in MACHINE_TYPES:
        return []
    playing: dict[tuple[str, str], list[str]] = {}
    for rule_set in rules:
        era = Wiring.of(rule_set.features).variant.era
        played = MACHINE_TYPES[machine].played(era)
        if played != era or rule_set.since not in ERAS[era]:
            # What was never released was posted before 2.11.
            is_older = (release(rule_set.since) or (2, 11, 0)) < (release(f"v{played}") or ())
            playing.setdefault((played, "older" if is_older else "newer"), []).append(rule_set.name)
    return [
        f"Under {_listed(names)} this is {era}'s start-up under {age} rules, not that binary's own: the machine is "
        f"that of QEMU {era}. Only its devices follow the rule set, where it is known how."
        for (era, age), names in playing.items()
    ]


def _on_transactions(rules: Sequence[RuleSet]) -> list[str]:
    held: dict[str, list[str]] = {}
    for rule_set in rules:
        held.setdefault(choose(rule_set.features, rule_set.own).transactions, []).append(rule_set.name)
    return [
        f"What if: under {_listed(held[whole])} {what}. No QEMU did that; what the calls do is the same."
        for whole, what in _HELD.items()
        if whole in held
    ]


def _listed(names: Sequence[str]) -> str:
    *front, last = names
    return f"{', '.join(front)} and {last}" if front else last

"""``footprint gate`` of growth: exponents of sweeps that were made, or that a gate's grid asks to play."""

from __future__ import annotations

import shlex
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from footprint.gate.exponent import Exponent
    from footprint.gate.gate_verdict import Judged, Origin
    from footprint.gate.settings import GateTable, Settings
    from footprint.recording.sweep import Sweep


def given_exponents(texts: Sequence[str], words: Sequence[str]) -> list[tuple[Exponent, Origin]]:
    """What ``--exponent`` says; raises RequestError, also where none of `words` is a sweep."""
    from footprint.errors import RequestError
    from footprint.gate.exponent import Exponent
    from footprint.gate.gate_verdict import Origin
    from footprint.sweep.find import find_sweep

    given = [(Exponent.parse(text), Origin("--exponent", text)) for text in texts]
    if given and not any(find_sweep(word) for word in words):
        raise RequestError("--exponent judges a sweep; name the folder that footprint sweep wrote")
    return given


def judge_growth(
    word: str, given: Sequence[tuple[Exponent, Origin]], rules: tuple[str, ...], settings: Settings | None, *,
    named: bool,
) -> tuple[list[Judged], bool]:  # fmt: skip
    """Verdicts on `word`, if it is a sweep or a gate with exponents; and whether that is all there is to judge.

    `named`: the user did, so that it may be a sweep. Raises RequestError for a sweep without a rule.
    """
    from footprint.errors import RequestError
    from footprint.gate.gates import growth_rules
    from footprint.gate.settings import judges_recordings
    from footprint.sweep.find import find_sweep

    sweep = find_sweep(word) if named else None
    if sweep is not None:
        if not given:
            raise RequestError(f"nothing to judge {word} by: a sweep is judged by --exponent")
        return _judge(sweep, given, rules, word, ""), True
    table = settings.gates.get(word) if settings else None
    if settings is None or table is None or not table.exponents:
        return [], False
    played = _played(settings, word, table, rules)
    judged = _judge(played, growth_rules(settings, word), rules or table.rules, word, word)
    return judged, not judges_recordings(table)


def _judge(
    sweep: Sweep, placed: Sequence[tuple[Exponent, Origin]], rules: tuple[str, ...], word: str, gate: str
) -> list[Judged]:
    from footprint.gate.gate_verdict import Judged

    judged = []
    for rule, origin in placed:
        for verdict in rule.judge(sweep, rules):
            options = [word, "-r", verdict.rules, *(["--exponent", rule.text] if not gate else [])]
            repeat = shlex.join(["footprint", "gate", *options])
            judged.append(Judged(verdict, origin, sweep.scenario, word, repeat, gate, {}))
    return judged


def _played(settings: Settings, name: str, table: GateTable, rules: tuple[str, ...]) -> Sweep:
    """The sweep that a gate's grid asks for."""
    from footprint.cli.gate_subjects import scenario_word
    from footprint.errors import RequestError
    from footprint.gate.exponent import Exponent
    from footprint.sweep.grid import Axis
    from footprint.sweep.job import JobLimits
    from footprint.sweep.plan import Wish
    from footprint.sweep.store import Store
    from footprint.sweep.sweep import Questions, Venue, check, run_sweep

    axes = tuple(Axis(axis, tuple(map(str, values))) for axis, values in table.grid.items())
    sets = {key: str(value) for key, value in table.params.items() if key not in table.grid}
    wish = Wish(scenario_word(settings, table), axes, sets, rules or table.rules)
    questions = Questions(tuple({Exponent.parse(text).metric: None for text in table.exponents}))
    try:
        plan = check(wish, Venue(), questions)
    except RequestError as error:
        raise settings.fault(name, "grid", str(error)) from None
    with tempfile.TemporaryDirectory(prefix="footprint-gate-") as folder:
        sweep = run_sweep(wish, plan, Venue(), JobLimits(600), questions, Store(Path(folder), plan.name))
    if sweep.failed:
        raise settings.fault(name, "grid", f"{len(sweep.failed)} points failed: {sweep.failed[0].reason}")
    return sweep

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


def judge_growth(
    words: Sequence[str], exponents: Sequence[str], rules: tuple[str, ...], settings: Settings | None
) -> tuple[list[Judged], tuple[str, ...]]:
    """Verdicts on the sweeps among `words` and on gates with exponents; and the words that are left for other rules.

    Raises RequestError for ``--exponent`` without a sweep, and for a sweep without a rule.
    """
    from footprint.errors import RequestError
    from footprint.gate.exponent import Exponent
    from footprint.gate.gate_verdict import Origin
    from footprint.gate.gates import growth_rules
    from footprint.gate.settings import judges_recordings
    from footprint.sweep.find import find_sweep

    given = [(Exponent.parse(text), Origin("--exponent", text)) for text in exponents]
    judged: list[Judged] = []
    rest: list[str] = []
    used = False
    tables = settings.gates if settings else {}
    for word in words or tables:
        sweep = find_sweep(word) if words else None
        if sweep is not None:
            if not given:
                raise RequestError(f"nothing to judge {word} by: a sweep is judged by --exponent")
            used = True
            judged += _judge(sweep, given, rules, word, "")
            continue
        table = tables.get(word)
        if settings is not None and table is not None and table.exponents:
            played = _played(settings, word, table, rules)
            judged += _judge(played, growth_rules(settings, word), rules or table.rules, word, word)
        if words and (table is None or judges_recordings(table)):
            rest.append(word)
    if given and not used:
        raise RequestError("--exponent judges a sweep; name the folder that footprint sweep wrote")
    return judged, tuple(rest)


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

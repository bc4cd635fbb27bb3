"""Moving budgets: the ratchet that keeps a gain, as a small edit of a pyproject.toml that keeps its form."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass

from footprint.errors import InputFileError
from footprint.gate.budget import BYTE_UNITS, Budget
from footprint.gate.settings import KEY, Settings
from footprint.recording.model import Number, Recording

_LIMIT = re.compile(r"(<=\s*)[0-9][0-9_]*(?:\.[0-9]+)?\s*([KMGT]iB)?")


@dataclass(frozen=True, slots=True)
class Tightening:
    """A budget of the gate `gate`, as it stands and as it could: its number `index`, and the worst `value`."""

    gate: str
    index: int
    metric: str
    old: str
    new: str
    value: Number


def tightenings(settings: Settings, gate: str, recording: Recording, rules: Sequence[str] = ()) -> list[Tightening]:
    """The upper limits of exact metrics of `gate` that `recording` keeps with room to spare in every run."""
    table = settings.gates[gate]
    moves = []
    for index, text in enumerate(table.budgets):
        budget = Budget.parse(text, table.mark)
        samples = [sample for run in recording.under(rules or table.rules) if (sample := run.sample(table.mark))]
        values = [sample.metrics[budget.metric] for sample in samples if budget.metric in sample.metrics]
        if values and budget.room(max(values)):
            moves.append(Tightening(gate, index, budget.metric, text, _moved(text, max(values)), max(values)))
    return moves


def _moved(text: str, value: Number) -> str:
    """The budget `text` with `value` as its limit."""
    return _LIMIT.sub(lambda match: match[1] + _limit(value, match[2]), text, count=1)


def _limit(value: Number, unit: str | None) -> str:
    """`value` in `unit` where it is a whole number of it, else as it is."""
    size = BYTE_UNITS[unit or ""]
    return f"{value // size}{unit}" if unit and not value % size else str(value)


def tightened(settings: Settings, moves: Sequence[Tightening]) -> str:
    """The file's text with these budgets in it, all else as it was; raises InputFileError where that cannot be."""
    text = settings.text
    expected = tomllib.loads(text)
    for move in moves:
        expected["tool"]["footprint"]["gates"][move.gate]["budgets"][move.index] = move.new
        lines = text.splitlines(keepends=True)
        number = Settings(settings.path, text, settings.gates).line(move.gate, move.old) - 1
        for quote in ('"', "'"):
            lines[number] = lines[number].replace(f"{quote}{move.old}{quote}", f"{quote}{move.new}{quote}", 1)
        text = "".join(lines)
    if tomllib.loads(text) != expected:
        wanted = ", ".join(f"{KEY}.{move.gate}.budgets[{move.index}] = {move.new!r}" for move in moves)
        raise InputFileError(settings.path, f"is written in a form that is not edited here; change by hand: {wanted}")
    return text

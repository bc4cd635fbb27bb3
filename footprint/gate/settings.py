"""``[tool.footprint.gates]`` in a ``pyproject.toml``: the gates of a project, read and checked."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from footprint.errors import FootprintError, InputFileError, reason_of
from footprint.gate.allowance import Allowance, check_direction
from footprint.gate.budget import Budget
from footprint.gate.equal import Equal
from footprint.gate.exponent import Exponent
from footprint.gate.steady import Steady
from footprint.recording.metrics import metric

FILE_NAME = "pyproject.toml"
KEY = "tool.footprint.gates"


class MetricTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """A rule on one metric as it stands in the file, with what it may move by."""

    metric: str
    percent: float = 0
    absolute: float = 0
    warn_percent: float | None = None
    warn_absolute: float | None = None

    @property
    def allowance(self) -> Allowance:
        """By how much the metric may move."""
        return Allowance(self.percent, self.absolute, self.warn_percent, self.warn_absolute)


class EqualTable(MetricTable, frozen=True, forbid_unknown_fields=True, rename="kebab", kw_only=True):
    """The same, of a metric that two rule sets must agree on."""

    between: tuple[str, str]


class GateTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """One ``[tool.footprint.gates.NAME]``: what it judges, and its rules.

    `scenario` is by default the gate's name; `params` and `rules` are those it is played with, by default the
    scenario's own. `exponents` are judged on the sweep over `grid`. `baseline` is a file beside the
    pyproject.toml; without `no_worse` nothing that it has may get worse.
    """

    scenario: str = ""
    params: dict[str, int | str] = msgspec.field(default_factory=dict)
    rules: tuple[str, ...] = ()
    mark: str | None = None
    backend: str = "model"
    budgets: tuple[str, ...] = ()
    baseline: str = ""
    no_worse: tuple[str | MetricTable, ...] = ()
    steady: tuple[str | MetricTable, ...] = ()
    equal: tuple[EqualTable, ...] = ()
    grid: dict[str, tuple[int | str, ...]] = msgspec.field(default_factory=dict)
    exponents: tuple[str, ...] = ()


VALID_KEYS = {
    key: [field.encode_name for field in msgspec.structs.fields(table)]
    for key, table in (("", GateTable), ("no-worse", MetricTable), ("steady", MetricTable), ("equal", EqualTable))
}
"""The keys that are valid in a gate, and in each kind of its rules."""
_WRONG = re.compile(r"(.*?)(?: - at `\$(.*)`)?", flags=re.S)
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`", flags=re.S)


@dataclass(frozen=True, slots=True)
class Settings:
    """The gates in the file `path`, by name; `text` is the file's."""

    path: Path
    text: str
    gates: dict[str, GateTable]

    def line(self, gate: str, needle: str = "") -> int:
        """The line of the gate's table, or of the first `needle` in it; 1 where its form is an unusual one."""
        lines = self.text.splitlines()
        header = re.compile(rf"\s*\[\s*tool\s*\.\s*footprint\s*\.\s*gates\s*\.\s*[\"']?{re.escape(gate)}[\"']?\s*\]")
        start = next((number for number, line in enumerate(lines) if header.match(line)), None)
        if start is None:
            return 1
        for number in range(start + 1, len(lines)):
            if lines[number].lstrip().startswith("["):
                break
            if needle and needle in lines[number]:
                return number + 1
        return start + 1

    def fault(self, gate: str, key: str, reason: str, needle: str = "") -> InputFileError:
        """The error for `key` of a gate."""
        name = f"{KEY}.{gate}{key and '.' + key}"
        return InputFileError(self.path, f"{name}: {reason}", line=self.line(gate, needle or key.partition("[")[0]))


def find_settings(folder: Path) -> Settings | None:
    """The settings in `folder` or the nearest folder above it whose pyproject.toml has gates; None for none."""
    for place in (folder, *folder.parents):
        path = place / FILE_NAME
        if path.is_file() and (settings := read_settings(path)) is not None:
            return settings
    return None


def read_settings(path: Path) -> Settings | None:
    """The settings in `path`; None where it has no ``[tool.footprint]``; raises InputFileError."""
    try:
        text = path.read_text()
        document = tomllib.loads(text)
    except OSError as error:
        raise InputFileError(path, f"cannot read it: {reason_of(error)}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        where = re.search(r"at line (\d+)", str(error))
        raise InputFileError(path, f"is not TOML: {error}", line=int(where[1]) if where else None) from None
    tools = document.get("tool", {})
    ours = tools.get("footprint") if isinstance(tools, dict) else None
    if ours is None:
        return None
    if not isinstance(ours, dict) or not isinstance(ours.get("gates", {}), dict):
        raise InputFileError(path, f"{KEY}: expected a table for each gate, as in [{KEY}.power8]")
    for key in ours:
        if key not in ("gates", "leaks"):
            raise InputFileError(
                path, f"tool.footprint.{key} is unknown; valid: gates, as in [{KEY}.power8], and leaks"
            )
    bare = Settings(path, text, {})
    gates = {name: _gate(bare, name, table) for name, table in ours.get("gates", {}).items()}
    return Settings(path, text, gates)


def _gate(settings: Settings, name: str, table: Any) -> GateTable:
    try:
        gate = msgspec.convert(table, GateTable)
    except msgspec.ValidationError as error:
        raise _refusal(settings, name, str(error)) from None
    if not (judges_recordings(gate) or gate.exponents):
        raise settings.fault(name, "", "has no rule; valid: budgets, baseline, steady, equal, exponents")
    if bool(gate.exponents) != bool(gate.grid):
        raise settings.fault(name, "", "exponents go with grid = { NAME = [V1, V2, V3] }, and grid with exponents")
    if gate.no_worse and not gate.baseline:
        raise settings.fault(name, "no-worse", "goes with baseline = FILE, which footprint accept writes")
    check_rules(settings, name, gate)
    return msgspec.structs.replace(gate, scenario=gate.scenario or name)


def judges_recordings(gate: GateTable) -> bool:
    """Whether the gate has rules about one machine, and not only about how it grows."""
    return bool(gate.budgets or gate.baseline or gate.steady or gate.equal)


def check_rules(settings: Settings, name: str, gate: GateTable) -> None:
    """Raise InputFileError for the first rule of the gate that cannot be one."""
    for number, text in enumerate(gate.budgets):
        try:
            Budget.parse(text).check_tolerance()
        except FootprintError as error:
            raise settings.fault(name, f"budgets[{number}]", str(error), text) from None
    for number, text in enumerate(gate.exponents):
        try:
            over = Exponent.parse(text).over
        except FootprintError as error:
            raise settings.fault(name, f"exponents[{number}]", str(error), text) from None
        if over not in gate.grid:
            raise settings.fault(name, f"exponents[{number}]", f"{over} is not in grid: {', '.join(gate.grid)}", text)
    for key, tables in (("no-worse", gate.no_worse), ("steady", gate.steady), ("equal", gate.equal)):
        for number, row in enumerate(map(metric_table, tables)):
            try:
                _check(key, row)
            except FootprintError as error:
                raise settings.fault(name, f"{key}[{number}]", str(error), row.metric) from None


def metric_table(row: str | MetricTable) -> MetricTable:
    """A rule that is a metric's name alone as the table that it stands for."""
    return MetricTable(row) if isinstance(row, str) else row


def _check(key: str, row: MetricTable) -> None:
    metric(row.metric)
    if key == "no-worse":
        check_direction(row.metric)
        row.allowance.check(row.metric)
    elif key == "steady":
        Steady(row.metric, row.allowance).check()
    elif isinstance(row, EqualTable):
        Equal(row.metric, row.between, row.allowance).check()


def _refusal(settings: Settings, name: str, message: str) -> InputFileError:
    """The error for what has the wrong form: its key, and what is valid there."""
    match = _WRONG.fullmatch(message)
    words, place = match.groups() if match else (message, None)
    key = (place or "").lstrip(".")
    unknown = _UNKNOWN.fullmatch(words)
    if unknown is None:
        return settings.fault(name, key, words[:1].lower() + words[1:])
    valid = VALID_KEYS.get(key.partition("[")[0], VALID_KEYS[""])
    return settings.fault(name, f"{key}.{unknown[1]}".lstrip("."), f"unknown key{_hint(unknown[1], valid)}", unknown[1])


def _hint(name: str, valid: Sequence[str]) -> str:
    close = difflib.get_close_matches(name, valid, n=1)
    return (f" (did you mean {close[0]!r}?)" if close else "") + f"; valid: {', '.join(valid)}"

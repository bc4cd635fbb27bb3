"""From what a sweep asks for to jobs: every machine once, with the points that it is to give."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from footprint.errors import InputFileError, RequestError, UnknownNameError, reason_of
from footprint.memory.features import CHOICES
from footprint.memory.rules import HISTORY
from footprint.recording.model import ALL_RULES
from footprint.scenario.custom_rules import find_rule_sets
from footprint.scenario.find import find
from footprint.scenario.scenario import Scenario
from footprint.sweep.grid import FILE, QEMU, Axis, combinations
from footprint.sweep.job import Job

MODEL = "model"
_ID_FORM = "footprint.point/1"


@dataclass(frozen=True, slots=True)
class Wish:
    """What a sweep asks for. `scenario` is empty where an axis names files; `sets` are fixed parameters as text.

    `rules` are rule sets as text (none: the scenario's own); `qemu` is the binary of the backend qemu.
    """

    scenario: str
    axes: tuple[Axis, ...]
    sets: Mapping[str, str] = field(default_factory=dict)
    rules: tuple[str, ...] = ()
    backend: str = MODEL
    qemu: str = ""
    zipped: bool = False
    sample: int | None = None
    seed: int = 0


@dataclass(frozen=True, slots=True)
class SweepPlan:
    """The jobs of a sweep, and the values of its axes as parameters have them."""

    name: str
    axes: dict[str, tuple[Any, ...]]
    jobs: tuple[Job, ...]
    zipped: bool

    @property
    def points(self) -> int:
        """How many points there will be."""
        return sum(len(job.ids) for job in self.jobs)


class Planner:
    """Makes jobs for one wish; what is looked up stays known. Raises RequestError for what cannot be played."""

    def __init__(self, wish: Wish) -> None:
        self.wish = wish
        self._scenarios: dict[str, Scenario] = {}
        self._digests: dict[str, str] = {}
        self._checked: set[tuple[str, ...]] = set()
        names = [axis.name for axis in wish.axes]
        if wish.scenario and FILE in names:
            raise RequestError(f"-g {FILE}=… names what to play; leave out the scenario {wish.scenario!r}")
        if not wish.scenario and FILE not in names:
            raise RequestError(f"nothing to sweep: name a scenario, or files with -g {FILE}=A,B")
        if QEMU in names and wish.backend == MODEL:
            raise RequestError("-g qemu=… goes with -b qemu")
        if wish.backend != MODEL and wish.rules:
            raise RequestError("-b qemu cannot take -r (a real QEMU obeys its own rules)")

    def plan(self) -> SweepPlan:
        """All jobs, each machine once."""
        wish = self.wish
        machines: dict[tuple[tuple[str, str], ...], dict[str, None]] = {}
        for values in combinations(wish.axes, zipped=wish.zipped, sample=wish.sample, seed=wish.seed):
            features = {name: text for name, text in values.items() if self._is_feature(name, values)}
            machine = tuple((name, text) for name, text in values.items() if name not in features)
            machines.setdefault(machine, {}).update(dict.fromkeys(self._rules(dict(machine), features)))
        jobs = tuple(self.job(dict(machine), tuple(rules)) for machine, rules in machines.items())
        named = wish.scenario or "files"
        name = self._scenario(named).name if wish.scenario else named
        return SweepPlan(name, {axis.name: self._parsed(axis) for axis in wish.axes}, jobs, wish.zipped)

    def job(self, values: Mapping[str, str], rules: tuple[str, ...]) -> Job:
        """The job for one machine: `values` of the axes, under `rules`."""
        wish = self.wish
        word = values.get(FILE, wish.scenario)
        scenario = self._scenario(word)
        texts = {**wish.sets, **{name: text for name, text in values.items() if name not in (FILE, QEMU)}}
        params = scenario.values(texts)
        if rules not in self._checked:
            find_rule_sets(name for name in rules if name)
            self._checked.add(rules)
        words = [word, *(part for name, text in texts.items() for part in ("-s", f"{name}={text}"))]
        qemu = values.get(QEMU, wish.qemu)
        if wish.backend != MODEL:
            words += ["-b", wish.backend, *(["--qemu", qemu] if qemu else [])]
        asked = {name: values[name] for name in (FILE, QEMU) if name in values}
        source = self._digest(word) if Path(word).is_file() else word
        ids = tuple((self._id(source, params, name, qemu), name) for name in rules)
        return Job(tuple(words), ids, params, asked, wish.backend)

    def _is_feature(self, name: str, values: Mapping[str, str]) -> bool:
        """Whether an axis is a feature of rule sets; raises UnknownNameError for what is nothing."""
        if name in (FILE, QEMU):
            return False
        scenario = self._scenario(values.get(FILE, self.wish.scenario))
        params = [param.name for param in scenario.params]
        if name in params:
            return False
        if name not in CHOICES or self.wish.backend != MODEL:
            more = CHOICES if self.wish.backend == MODEL else ()
            raise UnknownNameError(f"parameter of {scenario.name}", name, [*params, *more, FILE, QEMU])
        return True

    def _rules(self, machine: Mapping[str, str], features: Mapping[str, str]) -> tuple[str, ...]:
        if self.wish.backend != MODEL:
            return ("",)
        scenario = self._scenario(machine.get(FILE, self.wish.scenario))
        if scenario.printed is not None:
            if self.wish.rules or features:
                raise RequestError(f"{machine[FILE]} has only views, which are counted as printed; -r needs the tree")
            return ("",)
        wanted = self.wish.rules or scenario.rules
        names = [name for text in wanted for name in (HISTORY if text == ALL_RULES else (text,))]
        changes = "".join(f",{name}={text}" for name, text in features.items())
        return tuple(f"{name}{changes}" for name in names)

    def _scenario(self, word: str) -> Scenario:
        if word == "-":
            raise RequestError("a sweep plays its points in processes of their own; give a file, not standard input")
        if word not in self._scenarios:
            self._scenarios[word] = find(word)
        return self._scenarios[word]

    def _parsed(self, axis: Axis) -> tuple[Any, ...]:
        """The axis' values as the scenario reads them; text where they are no parameter's."""
        if self.wish.scenario:
            for param in self._scenario(self.wish.scenario).params:
                if param.name == axis.name:
                    return tuple(map(param.parse, axis.values))
        return axis.values

    def _id(self, source: str, params: Mapping[str, Any], rules: str, qemu: str) -> str:
        custom = self._digest(rules.partition(".py:")[0] + ".py") if ".py:" in rules else ""
        asked = [_ID_FORM, source, sorted(params.items()), rules, custom, self.wish.backend, qemu and _stamp(qemu)]
        return hashlib.sha256(json.dumps(asked, default=str).encode()).hexdigest()[:16]

    def _digest(self, word: str) -> str:
        if word not in self._digests:
            try:
                self._digests[word] = hashlib.sha256(Path(word).read_bytes()).hexdigest()
            except OSError as error:
                raise InputFileError(word, f"cannot be read: {reason_of(error)}") from None
        return self._digests[word]


def _stamp(program: str) -> Sequence[object]:
    """What tells a build from the one before it at the same place."""
    try:
        status = Path(program).stat()
    except OSError:
        return [program]
    return [program, status.st_size, status.st_mtime_ns]

"""Scenarios: a named, parameterised question, as a pure generator of Steps.

A scenario never holds a backend and never reads anything. A file in ``scenarios/`` defines one::

    @scenario(
        "how much does a guest with that many cards cost?",
        params=(Param("nics", 255, least=0), ),
    )
    def power8(p):
        yield Build(pseries(cpus=1, nics=p.nics))
        yield Mark("built")
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from footprint.errors import RequestError, UnknownNameError
from footprint.qemu.capture import Capture
from footprint.recording.model import Published, Recording
from footprint.scenario.steps import Step, fault_of
from footprint.units import natural


@dataclass(frozen=True, slots=True)
class Param:
    """A parameter: a whole number in [least, most], or one of `choices`; `default` when not given.

    `reader` makes a value of free text, and raises RequestError where it cannot; `form` says what it takes. One that
    came `later` than the scenario is told in recordings only where it is not its default, so that those made before
    it, and baselines, still fit.
    """

    name: str
    default: Any
    what: str = ""
    least: int = 0
    most: int | None = None
    choices: tuple[str, ...] = ()
    reader: Callable[[str], Any] | None = None
    form: str = ""
    later: bool = False

    @property
    def valid(self) -> str:
        """What the parameter takes, in a few words."""
        numbers = f"at least {self.least}" if self.most is None else f"{self.least} to {self.most}"
        return self.form or "|".join(self.choices) or numbers

    def parse(self, text: str) -> Any:
        """The value that `text` stands for; raises RequestError with what would be valid."""
        if self.reader is not None:
            return self.reader(text)
        if self.choices:
            if text not in self.choices:
                raise RequestError(f"{self.name}={text} is not valid; {self.name} is one of {', '.join(self.choices)}")
            return text
        try:
            return natural(text, least=self.least, most=self.most)
        except ValueError as error:
            raise RequestError(f"parameter {self.name}: {error}") from None


HOST_PAGE = Param("host_page", 4096, "bytes in a page of the host, for resident memory", least=512, most=1 << 30)
"""The parameter that every model scenario has."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """A scenario: `steps` gives the Steps for a namespace of parameter values.

    `rules` are the rule sets that it runs under when none are asked for. `answer` gives the answer to the question, in
    one sentence, from a recording of it (nothing where the recording cannot tell). `notes` are true of every run and
    stand on its page; `published` figures stand beside ours. `state_only`: it begins with a machine that
    is there, so only what exists is worth recording, not what has happened. `accumulates` names what every cycle adds
    on purpose (``"function"``): growth is then the answer, and no leak. `printed`: a capture that has only views, which
    are counted as they are; nothing is played. `probes` read it besides those always read; `telling` are the metrics
    for its short table. `backends` can play it; the first does where none is asked for.
    """

    name: str
    question: str
    steps: Callable[[Any], Iterator[Step]]
    params: tuple[Param, ...] = ()
    rules: tuple[str, ...] = ("v7.2.0",)
    notes: Callable[[Any], tuple[str, ...]] = field(default=lambda _: ())
    published: Callable[[Any], tuple[Published, ...]] = field(default=lambda _: ())
    state_only: bool = False
    accumulates: str = ""
    answer: Callable[[Recording], str] = field(default=lambda _: "")
    printed: Capture | None = None
    probes: tuple[str, ...] = ()
    telling: tuple[str, ...] = ()
    backends: tuple[str, ...] = ("model", "qemu")

    def values(self, assignments: Mapping[str, str]) -> dict[str, Any]:
        """Every parameter's value, those in `assignments` (given as text) in place of the defaults."""
        known = {param.name: param for param in self.params}
        for name in assignments:
            if name not in known:
                raise UnknownNameError(f"parameter of {self.name}", name, known)
        return {
            name: param.parse(assignments[name]) if name in assignments else param.default
            for name, param in known.items()
        }

    def told(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Those of `values` that a recording has (:class:`Param`)."""
        untold = {param.name for param in self.params if param.later and values.get(param.name) == param.default}
        return {name: value for name, value in values.items() if name not in untold}

    def play(self, values: Mapping[str, Any]) -> Iterator[Step]:
        """The Steps for these parameter values; raises RequestError for what is not a Step."""
        steps = self.steps(SimpleNamespace(**values))
        if not isinstance(steps, Iterable):
            raise RequestError(f"scenario {self.name!r} gives {steps!r}; its function is to yield steps")
        for step in steps:
            fault = fault_of(step)
            if fault:
                raise RequestError(f"scenario {self.name!r} yields {step!r}, which is no step: {fault}")
            yield step


def scenario(
    question: str,
    *,
    params: tuple[Param, ...] = (),
    rules: tuple[str, ...] = ("v7.2.0",),
    notes: Callable[[Any], tuple[str, ...]] = lambda _: (),
    published: Callable[[Any], tuple[Published, ...]] = lambda _: (),
    name: str = "",
    accumulates: str = "",
    answer: Callable[[Recording], str] = lambda _: "",
    probes: tuple[str, ...] = (),
    telling: tuple[str, ...] = (),
    backends: tuple[str, ...] = ("model", "qemu"),
) -> Callable[[Callable[[Any], Iterator[Step]]], Scenario]:
    """Make a Scenario of a generator function, named like the function unless `name` is given.

    The others are Scenario's. Raises RequestError for `params` that are none.
    """
    for param in params:
        if not isinstance(param, Param):
            raise RequestError(f"params of a scenario are Param(…), not {param!r}")

    def make(steps: Callable[[Any], Iterator[Step]]) -> Scenario:
        return Scenario(
            name or steps.__name__, question, steps, (*params, HOST_PAGE), rules, notes, published,
            accumulates=accumulates, answer=answer, probes=probes, telling=telling, backends=backends,
        )  # fmt: skip

    return make

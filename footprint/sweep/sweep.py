"""A whole sweep: plan, play, fit, search, and the document of it all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from footprint import __version__
from footprint.errors import RequestError
from footprint.gate.budget import Budget
from footprint.recording.metrics import metric
from footprint.recording.model import Number
from footprint.recording.sweep import SWEEP_SCHEMA, Fit, Largest, Point, Sweep
from footprint.scenario.find import find
from footprint.sweep.conduct import Listener, Standing, conduct
from footprint.sweep.executors import Pool, dask_pool, local_pool, slots_for
from footprint.sweep.fits import TELLING, fits, slices
from footprint.sweep.job import JobLimits
from footprint.sweep.largest import Search, known
from footprint.sweep.plan import MODEL, Planner, SweepPlan, Wish
from footprint.sweep.store import Store

OVER = " over "


@dataclass(frozen=True, slots=True)
class Venue:
    """Where points are played: `workers` of this machine, or Dask's.

    `dask` is a cluster on this machine, `scheduler` the address of one that exists. `budget` is
    how many bytes the points of this machine may take together.
    """

    workers: int | None = None
    budget: int | None = None
    dask: bool = False
    scheduler: str = ""


@dataclass(frozen=True, slots=True)
class Questions:
    """What is asked of the points: laws of which `metrics`, their values elsewhere, and limits to `find`.

    `find` are budgets, with ``over NAME`` behind them where there are several axes.
    """

    metrics: tuple[str, ...] = TELLING
    predict: Mapping[str, Sequence[float]] = field(default_factory=dict)
    find: tuple[str, ...] = ()


def check(wish: Wish, venue: Venue, questions: Questions) -> SweepPlan:
    """The plan, once it is sure that all of it can be asked; raises RequestError."""
    if wish.backend != MODEL and (venue.dask or venue.scheduler or (venue.workers or 1) > 1):
        raise RequestError(
            "-b qemu measures, and so runs one point at a time on this machine; --workers, --dask and --scheduler are "
            "for the model"
        )
    if (venue.dask or venue.scheduler) and venue.budget is not None:
        raise RequestError("--memory-budget is for this machine; a Dask worker takes a point at a time for each thread")
    for name in questions.metrics:
        metric(name)
    numeric = _numeric(wish)
    for name in questions.predict:
        if name not in numeric:
            raise RequestError(f"--predict {name}=…: {name} is no axis with numbers; {_listed(numeric)}")
    for text in questions.find:
        _limit(text, numeric)
        if wish.backend != MODEL:
            raise RequestError("--find plays the model; a real QEMU's laws are predicted with --predict")
    return Planner(wish).plan()


def run_sweep(
    wish: Wish, plan: SweepPlan, venue: Venue, limits: JobLimits, questions: Questions, store: Store,
    tell: Listener = lambda _: None,
) -> Sweep:  # fmt: skip
    """Play what `store` lacks of `plan`, and give the document; raises MeasurementError without a place to play."""
    with pool_at(venue, limits, measured=wish.backend != MODEL) as pool:
        points, failed = conduct(plan.jobs, pool, store, limits, tell)
        laws = fits(
            points, plan.axes, zipped=plan.zipped, metrics=questions.metrics, predict=questions.predict
        )  # fmt: skip
        finder = _Finder(wish, plan, pool, store, limits, points, tell)
        largest = tuple(row for text in questions.find for row in finder.find(text))
    environment: dict[str, Any] = {
        "footprint": __version__,
        "recorded": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    if wish.sample is not None:
        environment |= {"sample": wish.sample, "seed": wish.seed}
    return Sweep(SWEEP_SCHEMA, plan.name, plan.axes, tuple(points), laws, tuple(failed), largest, environment)


def pool_at(venue: Venue, limits: JobLimits, *, measured: bool) -> AbstractContextManager[Pool]:
    """The pool of a place; what is measured has its machine to itself."""
    if venue.dask or venue.scheduler:
        return dask_pool(venue.scheduler, venue.workers)
    return local_pool(1 if measured else slots_for(venue.workers, limits.memory, venue.budget))


def _numeric(wish: Wish) -> list[str]:
    """The axes whose values are whole numbers."""
    return [axis.name for axis in wish.axes if all(value.isdecimal() for value in axis.values)]


def _limit(text: str, numeric: Sequence[str]) -> tuple[Budget, str]:
    """The budget of a ``--find``, and the axis to search; raises RequestError."""
    words, _, over = text.partition(OVER)
    budget, over = Budget.parse(words), over.strip()
    if budget.relation not in ("<", "<="):
        raise RequestError(f"--find {text!r}: the largest machine is the last that stays below; write METRIC<=NUMBER")
    if not over and len(numeric) != 1:
        raise RequestError(
            f"--find {text!r}: say over which axis, as in --find '{words} over NAME'; {_listed(numeric)}"
        )
    over = over or numeric[0]
    if over not in numeric:
        raise RequestError(f"--find {text!r}: {over} is no axis with numbers; {_listed(numeric)}")
    return budget, over


def _listed(numeric: Sequence[str]) -> str:
    return f"valid: {', '.join(numeric)}" if numeric else "give one with -g NAME=V1,V2,…"


@dataclass(slots=True)
class _Finder:
    """Answers ``--find``, playing what the sweep did not."""

    wish: Wish
    plan: SweepPlan
    pool: Pool
    store: Store
    limits: JobLimits
    points: list[Point]
    tell: Listener

    def find(self, text: str) -> list[Largest]:
        """The largest machine for each slice of the sweep along one axis."""
        budget, over = _limit(text, _numeric(self.wish))
        laws = fits(self.points, self.plan.axes, zipped=self.plan.zipped, metrics=[budget.metric])
        parted = slices(self.points, self.plan.axes, zipped=self.plan.zipped)
        return [
            self._largest(budget, over, rules, dict(others), inside, laws)
            for (axis, rules, others), inside in parted.items()
            if axis == over
        ]

    def _largest(
        self, budget: Budget, over: str, rules: str, others: dict[str, Any], inside: list[Point], laws: Sequence[Fit]
    ) -> Largest:
        source = self.wish.scenario or str(others.get("file", ""))
        param = next(param for param in find(source).params if param.name == over)
        planner = Planner(self.wish)
        fixed = {
            axis.name: str(others.get(axis.name, axis.values[0])) for axis in self.wish.axes if axis.name in others
        }

        def play(n: int) -> Number | None:
            job = planner.job({**fixed, over: str(n)}, (rules,))
            had = len(self.points)
            self.tell(Standing(self.plan.points, had, had, looking=f"{over}={n} {rules}"))
            points, _ = conduct([job], self.pool, self.store, self.limits)
            return points[0].metrics[budget.metric] if points else None

        search = Search(budget, play, param.least, param.most)
        for n, value in known([(point.params[over], point.metrics[budget.metric]) for point in inside]):
            search.know(n, value)
        search.run(next((fit for fit in laws if (fit.over, fit.rules, fit.at) == (over, rules, others)), None))
        low, high = search.low or (None, None), search.high or (None, None)
        return Largest(budget.metric, budget.limit, over, rules, others, low[0], low[1], high[1], search.played)

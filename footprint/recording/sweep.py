"""The file of a sweep: its points, the laws that fit them, and what failed.

``footprint.sweep/1``, as ``footprint sweep --json`` prints it and ``sweep.json`` holds it. A point's own file
(``points/ID.json``) is a :class:`Point`.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import msgspec

from footprint.errors import InputFileError, reason_of
from footprint.recording.model import Number

SWEEP_SCHEMA = "footprint.sweep/1"
SWEEP_FILE = "sweep.json"


class Point(msgspec.Struct, frozen=True):
    """What one machine costs under one rule set, at the mark where a run is judged.

    `id` is made of what was asked for, and so the same in every sweep. `backend` is ``model`` or ``qemu``.
    A point of the model has exact metrics only, so it is the same to the byte wherever it is played.
    """

    id: str
    params: dict[str, Any]
    rules: str
    mark: str
    metrics: dict[str, Number]
    backend: str = "model"


class FailedPoint(msgspec.Struct, frozen=True):
    """A point that could not be had, also not the second time, and why."""

    id: str
    params: dict[str, Any]
    rules: str
    reason: str
    attempts: int


class Term(msgspec.Struct, frozen=True, omit_defaults=True):
    """coefficient · n^power · log2(n)^logs."""

    coefficient: float
    power: float = 0
    logs: int = 0

    def at(self, n: float) -> float:
        """Its value for `n`."""
        if not self.power and not self.logs:
            return self.coefficient
        if n <= 0:
            return 0.0
        return self.coefficient * math.pow(n, self.power) * math.log2(n) ** self.logs


class Prediction(msgspec.Struct, frozen=True):
    """What a law says for `n`: `value`, its 95 % band, and `reach`, how many times the largest n of the data it is.

    The band is None where too few points say how well the law fits.
    """

    n: float
    value: float
    low: float | None
    high: float | None
    reach: float


class Fit(msgspec.Struct, frozen=True, omit_defaults=True):
    """How `metric` grows over the parameter `over` under `rules`, all other parameters being `at`.

    `exponent` is that of the leading term, with its 95 % interval (None: too few points). `law` names the model
    chosen and `terms` are it; `sure` is ``exact`` (every point, to the unit), ``clear`` (every other law that
    does not contain it predicts at least three times worse) or ``weak``. `error` is the mean relative error with which
    the law of all other points predicts each point; `runner_up` is the law that came next.
    """

    metric: str
    over: str
    rules: str
    exponent: float
    low: float | None
    high: float | None
    law: str
    sure: str
    terms: tuple[Term, ...]
    at: dict[str, Any]
    points: tuple[tuple[float, Number], ...]
    error: float = 0
    runner_up: str = ""
    predictions: tuple[Prediction, ...] = ()

    def value(self, n: float) -> float:
        """What the law gives for `n`."""
        return sum(term.at(n) for term in self.terms)


class Largest(msgspec.Struct, frozen=True):
    """The largest value `n` of `over` with which `metric` meets `limit`, found by playing it.

    `value` is the metric there and `beyond` one more, None where no machine with more can be built. `n` is None where
    even the least does not meet the limit. `played`: how many points were played for it.
    """

    metric: str
    limit: Number
    over: str
    rules: str
    at: dict[str, Any]
    n: int | None
    value: Number | None
    beyond: Number | None
    played: int


class Sweep(msgspec.Struct, frozen=True, omit_defaults=True):
    """The document: every point that was had, the laws, the points that failed, and answers to ``--find``."""

    schema: str
    scenario: str
    axes: dict[str, tuple[Any, ...]]
    points: tuple[Point, ...]
    fits: tuple[Fit, ...]
    failed: tuple[FailedPoint, ...]
    find: tuple[Largest, ...] = ()
    environment: dict[str, Any] = {}

    @property
    def rules(self) -> tuple[str, ...]:
        """The rule sets of its points, each once, in their order."""
        return tuple(dict.fromkeys(point.rules for point in self.points))


def is_sweep(path: Path) -> bool:
    """Whether `path` is a sweep's file, or a folder with one."""
    try:
        if path.is_dir():
            return (path / SWEEP_FILE).is_file()
        return path.is_file() and f'"{SWEEP_SCHEMA}"'.encode() in path.read_bytes()[:200]
    except OSError:
        return False


def read_sweep(path: Path) -> Sweep:
    """The sweep in `path`, a file or a folder with one; raises InputFileError."""
    path = path / SWEEP_FILE if path.is_dir() else path
    try:
        sweep = msgspec.json.decode(path.read_bytes(), type=Sweep)
    except OSError as error:
        raise InputFileError(path, f"cannot read the sweep: {reason_of(error)}") from None
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise InputFileError(path, f"is not a sweep: {error}") from None
    if sweep.schema != SWEEP_SCHEMA:
        raise InputFileError(path, f"has schema {sweep.schema!r}; this version reads {SWEEP_SCHEMA!r}")
    return sweep

"""Growth laws: what a cost can grow like, and how well each fits.

A law is a sum of terms; its last term leads. Laws are fitted by least squares of *relative* errors: a cost of 300 that
is off by 30 counts as much as one of 300 000 that is off by 30 000. What is compared is how well a law of all other
points predicts each point, so that a law with more terms does not win by having more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from footprint.recording.sweep import Term

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vector = NDArray[np.float64]

STEEPEST = 4.0
_STEP = 0.01


@dataclass(frozen=True, slots=True)
class Law:
    """A law: its name, and its terms as (power, logs), the leading one last.

    `free`: the leading power is fitted, too.
    """

    name: str
    terms: tuple[tuple[float, int], ...]
    free: bool = False

    @property
    def parameters(self) -> int:
        """How many numbers are fitted."""
        return len(self.terms) + self.free

    def contains(self, other: Law) -> bool:
        """Whether this law becomes `other` for some numbers, and so fits whatever that fits."""
        if self.name == other.name:
            return True
        if self.free:
            return all(not logs for _, logs in other.terms) and len(other.terms) <= len(self.terms) and not other.free
        return set(other.terms) <= set(self.terms) and not other.free

    def with_lead(self, power: float) -> Law:
        """The law with another power of its leading term."""
        return Law(self.name, (*self.terms[:-1], (power, self.terms[-1][1])))


CONSTANT = Law("constant", ((0, 0),))
LAWS = (
    CONSTANT,
    Law("linear", ((0, 0), (1, 0))),
    Law("n log n", ((0, 0), (1, 1))),
    Law("quadratic", ((0, 0), (1, 0), (2, 0))),
    Law("power", ((0, 0), (1.5, 0)), free=True),
    Law("cubic", ((0, 0), (1, 0), (2, 0), (3, 0))),
)
"""Every law, the simplest first."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """A law with its numbers: its `terms`.

    `squares` are its squared relative errors, summed up, and `error` is the mean relative error with which the law of
    all other points predicts each point.
    """

    law: Law
    terms: tuple[Term, ...]
    squares: float
    error: float

    @property
    def leads_down(self) -> bool:
        """Whether the leading term takes away."""
        return self.terms[-1].coefficient < 0


def fitted(law: Law, ns: Vector, ys: Vector) -> Fitted:
    """`law` fitted to the points; as many points as it has parameters, and one more, must be there."""
    import numpy as np

    best = law.with_lead(best_power(law, ns, ys)) if law.free else law
    errors = []
    for left_out in range(len(ns)):
        rest = np.arange(len(ns)) != left_out
        # Without its steepest point the leading power may be another one.
        own = law.with_lead(best_power(law, ns[rest], ys[rest])) if law.free else law
        coefficients, _ = _solve(own, ns[rest], ys[rest])
        guess = float((design(own, ns[left_out : left_out + 1]) @ coefficients)[0])
        errors.append(abs(guess - ys[left_out]) / _scale(ys)[left_out])
    coefficients, squares = _solve(best, ns, ys)
    terms = tuple(
        Term(float(coefficient), power, logs)
        for coefficient, (power, logs) in zip(coefficients, best.terms, strict=True)
    )
    return Fitted(
        best if not law.free else Law(law.name, best.terms, free=True), terms, squares, float(np.mean(errors))
    )


def design(law: Law, ns: Vector) -> Vector:
    """A column for each term: what it is with a coefficient of 1."""
    import numpy as np

    return np.array([[Term(1.0, power, logs).at(n) for power, logs in law.terms] for n in ns.tolist()])


def best_power(law: Law, ns: Vector, ys: Vector) -> float:
    """The leading power with the smallest squared errors, to a hundredth."""
    powers, squares = profile(law, ns, ys)
    return float(powers[int(squares.argmin())])


def profile(law: Law, ns: Vector, ys: Vector) -> tuple[Vector, Vector]:
    """For each leading power, to a hundredth, the squared errors of the best law with it."""
    import numpy as np

    powers = np.round(np.arange(_STEP, STEEPEST + _STEP / 2, _STEP), 2)
    lower = [power for power, logs in law.terms[:-1] if not logs]
    powers = powers[~np.isin(powers, lower)]
    scale = _scale(ys)
    ahead = design(Law("", law.terms[:-1]), ns) / scale[:, None] if len(law.terms) > 1 else np.zeros((len(ns), 0))
    positive = np.maximum(ns, np.finfo(float).tiny)
    leads = np.where(ns > 0, positive ** powers[:, None] * np.log2(positive) ** law.terms[-1][1], 0.0) / scale
    # Take from the points and from each leading term what the lower terms explain, then what one explains of the other.
    basis = np.linalg.qr(ahead)[0] if ahead.shape[1] else ahead
    rest = ys / scale - basis @ (basis.T @ (ys / scale))
    leads = leads - (leads @ basis) @ basis.T
    norms = np.maximum((leads**2).sum(axis=1), np.finfo(float).tiny)
    squares = (rest**2).sum() - (leads @ rest) ** 2 / norms
    return powers, np.maximum(squares, 0.0)


def band(fit: Fitted, ns: Vector, ys: Vector, n: float) -> tuple[float, float] | None:
    """The standard error of what `fit` predicts for `n`, and its degrees of freedom; None without any."""
    import numpy as np

    freedom = len(ns) - fit.law.parameters
    if freedom < 1:
        return None
    value = sum(term.at(n) for term in fit.terms)
    noise = fit.squares / freedom
    columns, row = design(fit.law, ns), design(fit.law, np.array([float(n)]))[0]
    if fit.law.free:
        # How the value moves with the leading power, which is fitted, too.
        lead = fit.terms[-1]
        slope = np.array([lead.at(x) * np.log(x) if x > 0 else 0.0 for x in [*ns.tolist(), float(n)]])
        columns, row = np.column_stack([columns, slope[:-1]]), np.append(row, slope[-1])
    weighted = columns / _scale(ys)[:, None]
    spread = float(row @ np.linalg.pinv(weighted.T @ weighted) @ row)
    return float(np.sqrt(noise * (spread + value**2))), float(freedom)


def _solve(law: Law, ns: Vector, ys: Vector) -> tuple[Vector, float]:
    import numpy as np

    scale = _scale(ys)
    columns = design(law, ns) / scale[:, None]
    norms = np.maximum(np.abs(columns).max(axis=0), np.finfo(float).tiny)
    coefficients = np.linalg.lstsq(columns / norms, ys / scale, rcond=None)[0] / norms
    return coefficients, float(((columns @ coefficients - ys / scale) ** 2).sum())


def _scale(ys: Vector) -> Vector:
    import numpy as np

    return np.maximum(np.abs(ys), 1.0)

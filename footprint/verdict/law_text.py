"""Laws in words: for the terminal, for pages and for gates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from footprint.recording.metrics import METRICS
from footprint.recording.sweep import Fit, Largest, Prediction, Sweep, Term
from footprint.units import bytes_text, count_text

HEADLINE = "flatviews.created"
_POWERS = {1.0: "", 2.0: "²", 3.0: "³"}
FAR = 2.0
"""How many times the largest n of the data a prediction may be for before it is called far."""


def figure_of(metric: str, value: float) -> str:
    """A value of the metric: bytes with a unit, counts whole."""
    unit = METRICS[metric].unit if metric in METRICS else ""
    if unit == "bytes":
        return bytes_text(value)
    return f"{value:.3g} s" if unit == "seconds" else count_text(round(value))


def law_text(fit: Fit) -> str:
    """``7 n² + 811 n + 4 801, exact``; ``n^1.48, weak (or quadratic)``."""
    terms = [text for term in reversed(fit.terms) if (text := _term(term, whole=fit.sure == "exact"))]
    formula = " + ".join(terms).replace("+ −", "− ") or "0"
    doubt = f" (or {fit.runner_up})" if fit.sure == "weak" and fit.runner_up else ""
    error = "" if fit.sure == "exact" else f", within {100 * fit.error:.2g} %"
    return f"{formula}: {fit.law}, {fit.sure}{doubt}{error}"


def interval_text(fit: Fit) -> str:
    """The interval of the exponent: ``exact``, ``1.92 … 2.03``, or a dash where too few points tell."""
    if fit.sure == "exact":
        return "exact"
    return "–" if fit.low is None or fit.high is None else f"{fit.low:.2f} … {fit.high:.2f}"


def with_text(at: Mapping[str, Any]) -> str:
    """The values of the other axes: ``cpus=4 bridges=2``."""
    return " ".join(f"{name}={value}" for name, value in at.items())


def band_text(fit: Fit, prediction: Prediction) -> str:
    """The band of a prediction: ``exact so far``, ``5.1 GiB … 5.3 GiB``, or a dash where too few points tell."""
    if fit.sure == "exact":
        return "exact so far"
    if prediction.low is None or prediction.high is None:
        return "–"
    low, high = (figure_of(fit.metric, max(value, 0)) for value in (prediction.low, prediction.high))
    return f"{low} … {high}"


def reach_warnings(sweep: Sweep) -> list[str]:
    """How far each prediction goes beyond what was played, once for each value of an axis."""
    reached = {(fit.over, guess.n): (guess.reach, fit.points[-1][0]) for fit in sweep.fits for guess in fit.predictions}
    return [
        f"{over}={n:g} is {reach:.1f} times the largest that was played, {most:g}"
        + (": far beyond the data" if reach > FAR else "")
        for (over, n), (reach, most) in reached.items()
        if reach > 1
    ]


def growth_sentence(sweep: Sweep) -> str:
    """How the telling metric grows along the first axis: ``flatviews.created grows as nics^2 under …``; or nothing."""
    named = next(
        (fit.metric for fit in sweep.fits if fit.metric == HEADLINE), sweep.fits[0].metric if sweep.fits else ""
    )
    fits = [fit for fit in sweep.fits if fit.metric == named and fit.over == sweep.fits[0].over]
    grown: dict[str, dict[str, None]] = {}
    for fit in fits:
        power = f"{fit.exponent:.2f}".rstrip("0").rstrip(".")
        seems = "seems to grow" if fit.sure == "weak" else "grows"
        words = {"0": "does not grow", "1": f"{seems} as {fit.over}"}.get(
            power, f"{seems} as {fit.over}{_POWERS.get(float(power), f'^{power}')}"
        )
        grown.setdefault(words, {})[fit.rules or "QEMU"] = None
    parts = [f"{words} under {', '.join(rules)}" for words, rules in grown.items()]
    return f"{named} {'; it '.join(parts)}" if parts else ""


def largest_words(row: Largest) -> str:
    """The answer to ``--find`` in a sentence."""
    inside = f" with {with_text(row.at)}" if row.at else ""
    limit = f"{row.metric} <= {figure_of(row.metric, row.limit)}"
    if row.n is None or row.value is None:
        return f"{row.rules}{inside}: no {row.over} meets {limit}"
    text = f"{row.rules}{inside}: {limit} up to {row.over}={row.n}, {figure_of(row.metric, row.value)} there"
    if row.beyond is None:
        return f"{text}; no larger machine could be played"
    return f"{text}, {figure_of(row.metric, row.beyond)} with one more"


def _term(term: Term, *, whole: bool) -> str:
    if not term.coefficient:
        return ""
    amount = abs(term.coefficient)
    number = count_text(amount) if whole and float(amount).is_integer() else f"{amount:.4g}"
    if amount == 1 and (term.power or term.logs):
        number = ""
    number = f"{'−' if term.coefficient < 0 else ''}{number}"
    power = "" if not term.power else f"n{_POWERS.get(term.power, f'^{term.power:.2f}')}"
    return " ".join(part for part in (number, power, "log n" if term.logs else "") if part)

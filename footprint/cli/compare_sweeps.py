"""``footprint compare`` of sweeps: how two rule sets, or two binaries, grow, and from which n on it matters."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from footprint.cli.table import Column, print_table
from footprint.cli.terminal import print_json, say_wrapped

if TYPE_CHECKING:
    from footprint.recording.sweep import Sweep
    from footprint.verdict.growth_compare import GrowthPair

_COLUMNS = (
    Column("metric", "name"),
    Column("over", "name", extra=2),
    Column("with", "prose", extra=3),
    Column("A", "prose", extra=1),
    Column("B", "prose", extra=1),
    Column("B/A at first"),
    Column("at last"),
    Column("matters from"),
)


def compare_sweeps(
    first: str, second: str, rules: tuple[str, ...], rules_a: str | None, rules_b: str | None, *, as_json: bool
) -> int | None:
    """Compare two sweeps, or two rule sets of one, and print the answer; gives the exit code.

    None where `first` names no sweep. Raises RequestError where `second` is none, or rule sets are not two.
    """
    from footprint.errors import RequestError
    from footprint.sweep.find import find_sweep
    from footprint.verdict.growth_compare import compare_growth, pairs_between

    ours = find_sweep(first)
    if ours is None:
        return None
    theirs = find_sweep(second) if second else ours
    if theirs is None:
        raise RequestError(f"{first} is a sweep and {second} is none; compare a sweep with a sweep")
    names = _names(ours, rules, rules_a, rules_b, alone=not second)
    rows = compare_growth(pairs_between(ours, theirs, names))
    differ = any(row.first.points != row.second.points for row in rows)
    if as_json:
        print_json({"equal": not differ, "growth": [_document(row) for row in rows]})
    else:
        _print(rows)
    return 1 if differ else 0


def _names(
    sweep: Sweep, rules: tuple[str, ...], rules_a: str | None, rules_b: str | None, *, alone: bool
) -> tuple[str, str] | None:
    from footprint.errors import RequestError

    names = list(rules) or [name for name in (rules_a, rules_b) if name]
    if not names and alone:
        names = list(sweep.rules)
    if not names:
        return None
    if len(names) == 1 and not alone:
        return names[0], names[0]
    if len(names) != 2:
        raise RequestError(f"name two rule sets to compare, -r A -r B; the sweep has {', '.join(sweep.rules)}")
    return names[0], names[1]


def _print(rows: list[GrowthPair]) -> None:
    from footprint.units import count_text
    from footprint.verdict.growth_compare import MATTERS
    from footprint.verdict.law_text import with_text

    cells = [
        (
            row.metric, row.over, with_text(row.at), _law(row, 0), _law(row, 1), f"{row.ratio_from:.3g}×",
            f"{row.ratio_to:.3g}×", "–" if row.matters_from is None else count_text(row.matters_from),
        )
        for row in rows
    ]  # fmt: skip
    shown = [n for n in range(len(_COLUMNS)) if n != 2 or any(row[2] for row in cells)]
    first, second = rows[0].first.rules or "A", rows[0].second.rules or "B"
    title = f"A: {first}, B: {second}; it matters where they differ by more than {100 * MATTERS:g} %"
    print_table([title], [_COLUMNS[n] for n in shown], [[row[n] for n in shown] for row in cells])
    mattering = [row for row in rows if row.matters_from is not None]
    for row in mattering[:1]:
        least = row.first.points[0][0]
        place = "everywhere" if row.matters_from == least else f"from {row.over}={row.matters_from:g} on"
        say_wrapped(f"{row.metric} matters {place}: {row.ratio_to:.3g} times as much at the largest {row.over}")
    if any(not row.is_exact for row in mattering):
        say_wrapped("where a law is not exact, only the values that were played were looked at")


def _law(row: GrowthPair, which: int) -> str:
    fit = (row.first, row.second)[which]
    return f"{fit.law}, n^{fit.exponent:.2f}"


def _document(row: GrowthPair) -> dict[str, Any]:
    document = asdict(row)
    return document | {"first": _fit(row, 0), "second": _fit(row, 1)}


def _fit(row: GrowthPair, which: int) -> dict[str, Any]:
    fit = (row.first, row.second)[which]
    return {"rules": fit.rules, "exponent": fit.exponent, "low": fit.low, "high": fit.high, "law": fit.law}

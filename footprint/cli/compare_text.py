"""A comparison for people: a sentence, who is behind it, the largest differences; the rest on request."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from footprint.cli.table import Column, print_table
from footprint.cli.terminal import say, say_wrapped

if TYPE_CHECKING:
    from footprint.gate.compare import Comparison, MetricPair

MOST_MARKS = 4
"""Marks that a verdict names one by one."""
MOST_DIFFERENCES = 5
"""Differences shown unless all are asked for."""
MOST_PAIRS = 8
"""Pairs of runs that get their sentence unless all are asked for."""

_COLUMNS = (
    Column("metric", "name"),
    Column("mark", "name"),
    Column("A"),
    Column("B"),
    Column("change"),
    Column("in %", extra=1),
    Column("", "name"),
)


def print_comparisons(
    comparisons: Sequence[Comparison], alone: tuple[Sequence[str], Sequence[str]], *, everything: bool
) -> None:
    """Print a sentence for each pair of runs, then details: of the one that differs most, or with `everything` of all.

    `alone` are the runs of the first and of the second recording that have no partner.
    """
    differing = [comparison for comparison in comparisons if comparison.differing]
    shown = comparisons if everything else comparisons[:MOST_PAIRS]
    for comparison in shown:
        say_wrapped(_sentence(comparison))
        if everything or len(comparisons) == 1:
            _print_details(comparison, everything=everything)
    if len(comparisons) > len(shown):
        more = sum(bool(comparison.differing) for comparison in comparisons[MOST_PAIRS:])
        say_wrapped(f"and {len(comparisons) - len(shown)} more pairs of runs, of which {more} differ")
    for side, names in zip(("the first", "the second"), alone, strict=True):
        if names:
            say_wrapped(f"only in {side}, without a partner: {', '.join(names)}")
    if len(comparisons) > 1 and differing and not everything:
        most = max(differing, key=lambda comparison: sum(line.share for line in comparison.largest(MOST_DIFFERENCES)))
        say()
        say_wrapped(f"{_title(most)} differs most (-r NAME shows another, --all all):")
        _print_details(most, everything=False)


def _title(comparison: Comparison) -> str:
    if comparison.first == comparison.second:
        return comparison.first
    return f"{comparison.first} → {comparison.second}"


def _sentence(comparison: Comparison) -> str:
    """How many counts differ, the views before and after, and where."""
    judged = [line for line in comparison.lines if line.judged]
    differing = len(comparison.differing)
    verdict = f"{differing} of {len(judged)} counts differ" if differing else f"all {len(judged)} counts are equal"
    if not judged:
        verdict = "nothing is judged: both only have what is measured"
    marks = list(dict.fromkeys(_mark(line) for line in judged or comparison.lines))
    alive = [line for line in comparison.differing if line.metric == "flatviews.alive"]
    views = ""
    if alive:
        first, second = _figure(alive[0], alive[0].first), _figure(alive[0], alive[0].second)
        views = f"; {first} view{'' if alive[0].first == 1 else 's'} alive before, {second} after, at {_mark(alive[0])}"
    return f"{_title(comparison)}: {verdict} (at {_marks(marks)}){views}"


def _print_details(comparison: Comparison, *, everything: bool) -> None:
    for sentence in comparison.views:
        say_wrapped(sentence)
    lines = list(comparison.lines) if everything else comparison.largest(MOST_DIFFERENCES)
    if lines:
        say()
        heading = f"{_title(comparison)}, every metric" if everything else "the largest differences"
        print_table([heading], _COLUMNS, [_row(line) for line in lines])
    if everything:
        for name, only in ((comparison.first, comparison.only_first), (comparison.second, comparison.only_second)):
            if only:
                say_wrapped(f"only in {name}: {', '.join(only)}")
        say()
        return
    rest = len({line.metric for line in comparison.differing} - {line.metric for line in lines})
    measured = len({line.metric for line in comparison.lines if not line.is_count and not line.is_equal})
    told = ["1 more metric differs" if rest == 1 else f"{rest} more metrics differ"] if rest else []
    told += [f"{measured} measured ones are not judged"] if measured else []
    if told:
        say_wrapped(f"({', and '.join(told)}; --all shows them)")


def _mark(line: MetricPair) -> str:
    return f"{line.mark} {line.cycle}" if line.cycle else line.mark


def _marks(marks: list[str]) -> str:
    """The marks, the first and the last of many."""
    return ", ".join(marks) if len(marks) <= MOST_MARKS else f"{len(marks)} marks from {marks[0]} to {marks[-1]}"


def _figure(line: MetricPair, value: float) -> str:
    from footprint.recording.metrics import METRICS
    from footprint.units import bytes_text, count_text

    known = METRICS.get(line.metric)
    return bytes_text(value) if known is not None and known.unit == "bytes" else count_text(value)


def _row(line: MetricPair) -> list[str]:
    sign = "+" if line.change > 0 else ""
    word = "equal" if line.is_equal else "DIFFERS"
    if not line.judged:
        word = "what-if" if line.is_count else "measured"
    return [
        line.metric,
        _mark(line),
        _figure(line, line.first),
        _figure(line, line.second),
        f"{sign}{_figure(line, line.change)}".replace("-", "−"),
        "" if line.percent is None else f"{line.percent:+.1f}".replace("-", "−"),
        word,
    ]

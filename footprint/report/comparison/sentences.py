"""What a comparison says first: whether the two are equal, and if not by how much and whose it is."""

from __future__ import annotations

from footprint.gate.compare import MetricPair
from footprint.gate.views import views_by_owner
from footprint.report.comparison.pairing import ComparedRecordings, telling
from footprint.report.formatting import count, figure, percent, plural

ALIVE = "flatviews.alive"


def answer(both: ComparedRecordings) -> str:
    """The sentence at the head of the page."""
    lines = telling(both.most)
    if not lines:
        return "Nothing can be judged: the two have only measured figures in common."
    differing = [line for line in lines if not line.is_equal]
    said = [_of_pairs(both)] if len(both.comparisons) > 1 else []
    if not differing:
        return " ".join([*said, _equal(both, len(lines))])
    first = next((line for line in differing if line.metric == ALIVE), differing[0])
    whose = _owners(both) if first.metric == ALIVE else ""
    said.append(f"{_gap(both, first, short=bool(whose))}{whose}.")
    some = len(differing)
    if both.is_model_beside_real:
        said.append(f"{count(len(lines) - some)} of {plural(len(lines), 'count')} exact.")
    else:
        said.append(f"{count(some)} of {plural(len(lines), 'count')} {'differs' if some == 1 else 'differ'}.")
    return " ".join(said)


def is_equal(both: ComparedRecordings) -> bool | None:
    """Whether every judged count of every pair is equal; None where nothing is judged."""
    if not any(line.judged for comparison in both.comparisons for line in comparison.lines):
        return None
    return not any(comparison.differing for comparison in both.comparisons)


def _equal(both: ComparedRecordings, counts: int) -> str:
    exact = "exact" if both.is_model_beside_real else "equal"
    said = f"{count(counts)} of {plural(counts, 'count')} {exact}"
    views = next((text.removeprefix("views: ") for text in both.most.views if text.startswith("views: ")), "")
    return f"{said}; {views}." if views and len(both.comparisons) == 1 else f"{said}."


def _of_pairs(both: ComparedRecordings) -> str:
    """How many of the rule sets that both have differ."""
    differing = [comparison for comparison in both.comparisons if comparison.differing]
    every = plural(len(both.comparisons), "pair")
    if not differing:
        return f"All {every} of runs are equal."
    most = both.most.first if both.most.first == both.most.second else f"{both.most.first} → {both.most.second}"
    return f"{count(len(differing))} of {every} of runs differ, most of all {most}:"


def _gap(both: ComparedRecordings, line: MetricPair, *, short: bool) -> str:
    """``q11 has 13 views in use where q7 has 4, 3.3 times as many``; `short`: without a share."""
    first, second = both.names
    mine, yours = figure(line.metric, line.first), figure(line.metric, line.second)
    if line.metric == ALIVE:
        said = f"{second} has {yours} views in use where {first} has {mine}"
    else:
        said = f"{line.metric} is {mine} in {first} and {yours} in {second}"
    told = ratio(line)
    return said if not told or (short and "%" in told) else f"{said}, {told}"


def ratio(line: MetricPair) -> str:
    """The second value beside the first in words: ``3.3 times as many``, ``2.1 % fewer``; empty where one is 0."""
    low, high = sorted((line.first, line.second))
    if low <= 0 or low == high:
        return ""
    is_bytes = figure(line.metric, 1) != "1"
    more, less = ("more", "less") if is_bytes else ("more", "fewer")
    if high < 1.5 * low:
        return f"{percent(abs(line.change), line.first)} {more if line.change > 0 else less}"
    times = high / low
    text = count(round(times)) if times >= 10 else f"{times:.1f}".removesuffix(".0")
    if line.change > 0:
        return f"{text} times as {'much' if is_bytes else 'many'}"
    return f"{text} times {less}"


def _owners(both: ComparedRecordings) -> str:
    """Whose most of the difference in views is, where both runs know it."""
    mine, yours = both.runs
    if not mine.view_owners or not yours.view_owners:
        return ""
    changed = [each for each in views_by_owner(mine.view_owners, yours.view_owners) if each.change]
    total = sum(each.change for each in changed)
    same_way = [each for each in changed if each.change * total > 0]
    if not same_way:
        return ""
    word = "more" if total > 0 else "fewer"
    by_device: dict[str, int] = {}
    for each in same_way:
        whose = each.owner.device or each.owner.root
        by_device[whose] = by_device.get(whose, 0) + abs(each.change)
    (first, views), *others = by_device.items()
    if not others:
        every = f"the 1 {word} is" if views == 1 else f"all {count(views)} {word} are"
        return f"; {every} {first}'s"
    rest = sum(views for _, views in others[1:])
    also = [f"{count(others[0][1])} {others[0][0]}'s", *([f"{count(rest)} of others"] if rest else [])]
    total = sum(by_device.values())
    return f"; {count(views)} of the {count(total)} {word} {'is' if views == 1 else 'are'} {first}'s, {', '.join(also)}"

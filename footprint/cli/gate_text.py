"""A gate's answer for people: a table, then what is broken, who is behind it, and how to see it again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from footprint.cli.table import Column, print_table
from footprint.cli.terminal import note, print_json, say, say_wrapped, width

if TYPE_CHECKING:
    from footprint.gate.gate_verdict import Judged

_COLUMNS = (
    Column("verdict", "name"),
    Column("gate", "name", extra=2),
    Column("metric", "name"),
    Column("rules", "prose", extra=1),
    Column("mark", "name", extra=3),
    Column("before"),
    Column("limit"),
    Column("now"),
    Column("Δ"),
)
COLOURS = {"fail": "red", "warn": "yellow"}


def print_verdicts(judged: Sequence[Judged], *, everything: bool) -> None:
    """Print the table, broken rules first, and a paragraph for each that is broken or warns."""
    from footprint.gate.gate_verdict import RuleOutcome
    from footprint.gate.markdown import summary

    order = [RuleOutcome.FAIL, RuleOutcome.WARN, RuleOutcome.OK]
    shown = [each for each in judged if everything or not _is_unchanged(each)]
    shown.sort(key=lambda each: order.index(each.verdict.outcome))
    folded = len(judged) - len(shown)
    if shown:
        rows = [_row(each) for each in shown]
        whole = width() is None  # a program that reads a pipe wants every column, always
        telling = [n for n in range(len(_COLUMNS)) if whole or any(row[n] not in ("", "–") for row in rows)]
        print_table([summary(judged)], [_COLUMNS[n] for n in telling], [[row[n] for n in telling] for row in rows])
    else:
        say_wrapped(summary(judged))
    if folded:
        say_wrapped(f"({folded} more metrics are as they were accepted; --all shows them)")
    for each in shown:
        if each.verdict.outcome is not RuleOutcome.OK:
            _print_broken(each)
    better = [each for each in judged if each.verdict.better]
    if better:
        say()
        for word in dict.fromkeys(each.subject for each in better):
            said = "; ".join(each.verdict.sentence for each in better if each.subject == word)
            say_wrapped(f"a gain that is not accepted: {said}; footprint accept {word} keeps it")
    measured = dict.fromkeys(each.verdict.noise for each in shown if each.verdict.noise)
    for words in measured:
        note(f"note: {words}")


def print_rules(rows: Sequence[tuple[str, str, str]], *, as_json: bool) -> None:
    """Print rules, each with its gate and where it comes from."""
    if as_json:
        print_json([{"gate": gate, "rule": rule, "from": place} for gate, rule, place in rows])
    elif not rows:
        note("no rule is given: no --budget, and no [tool.footprint.gates.NAME] in a pyproject.toml here or above")
    else:
        for gate, rule, place in rows:
            say_wrapped(f"{f'{gate}: ' if gate else ''}{rule}  ({place})")


def _is_unchanged(judged: Judged) -> bool:
    """Whether it is a metric that is as it was accepted, one of many."""
    verdict = judged.verdict
    return verdict.outcome == "ok" and verdict.change == 0 and verdict.rule.startswith("no worse")


def _row(judged: Judged) -> list[str]:
    from footprint.gate.gate_verdict import figure, signed_figure

    verdict = judged.verdict
    return [
        _word(judged),
        judged.gate or judged.scenario,
        verdict.metric,
        verdict.rules,
        verdict.mark,
        figure(verdict.metric, verdict.before),
        verdict.limit,
        figure(verdict.metric, verdict.value),
        signed_figure(verdict.metric, verdict.change),
    ]


def _word(judged: Judged) -> str:
    outcome = judged.verdict.outcome
    return outcome.upper() if outcome == "fail" else outcome


def _print_broken(judged: Judged) -> None:
    say()
    colour = COLOURS.get(judged.verdict.outcome)
    say_wrapped(f"{_word(judged)}  {judged.verdict.sentence}", hang="      ", colour=colour)
    say_wrapped(f"rule:  {judged.verdict.rule} ({judged.origin.text})", indent="      ", hang="             ")
    say_wrapped(f"again: {judged.repeat}", indent="      ", hang="             ")

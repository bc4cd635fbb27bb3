"""Verdicts as a comment for a pull request: what is broken, what is better, and how to see it again."""

from __future__ import annotations

import re
from collections.abc import Sequence

from footprint.gate.gate_verdict import Judged, RuleOutcome, figure, signed_figure

_WORDS = {RuleOutcome.FAIL: "**fail**", RuleOutcome.WARN: "warn", RuleOutcome.OK: "ok"}
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>|#~&])")


def markdown_text(judged: Sequence[Judged], faults: Sequence[tuple[str, str]] = ()) -> str:
    """The verdicts as Markdown: one sentence, what is broken or warns, what is better, and all in a fold.

    `faults` are what could not be judged, each with the reason.
    """
    broken = [each for each in judged if not each.verdict.holds]
    warned = [each for each in judged if each.verdict.outcome is RuleOutcome.WARN]
    better = [each for each in judged if each.verdict.better]
    lines = [f"### footprint: {summary(judged)}", ""]
    if faults:
        lines += [*(f"- **not judged**: {code(word)}: {escaped(reason)}" for word, reason in faults), ""]
    if broken or warned:
        lines += [*_table([*broken, *warned]), ""]
        lines += [f"- {escaped(each.verdict.sentence)}  \n  rule: {code(each.origin.text)}" for each in broken]
        lines += [
            "",
            "Again:",
            "",
            "```sh",
            *dict.fromkeys(_line(each.repeat) for each in [*broken, *warned]),
            "```",
            "",
        ]
    if better:
        lines += ["**Better than accepted**, and kept once `footprint accept` is run:", "", *_table(better), ""]
    lines += ["<details><summary>All rules</summary>", "", *_table(judged), "", "</details>", ""]
    return "\n".join(lines)


def summary(judged: Sequence[Judged]) -> str:
    """How many rules are broken and how many hold, in a clause."""
    broken = sum(not each.verdict.holds for each in judged)
    warned = sum(each.verdict.outcome is RuleOutcome.WARN for each in judged)
    checks = f"{len(judged)} check{'' if len(judged) == 1 else 's'}"
    said = f"{broken} of {checks} failed" if broken else f"{checks} passed"
    return f"{said}, {warned} with a warning" if warned else said


def _table(judged: Sequence[Judged]) -> list[str]:
    rows = ["| | gate | rules | metric | before | limit | now | Δ |", "|---|---|---|---|--:|--:|--:|--:|"]
    for each in judged:
        verdict = each.verdict
        cells = [
            _WORDS[verdict.outcome],
            escaped(each.gate or each.scenario),
            escaped(f"{verdict.rules} at {verdict.mark}"),
            code(verdict.metric),
            figure(verdict.metric, verdict.before),
            escaped(verdict.limit),
            figure(verdict.metric, verdict.value),
            signed_figure(verdict.metric, verdict.change),
        ]
        rows.append(f"| {' | '.join(cells)} |")
    return rows


def escaped(text: str) -> str:
    """`text` so that Markdown shows it as it is, on one line."""
    return _SPECIAL.sub(r"\\\1", _line(text))


def code(text: str) -> str:
    """`text` as code, on one line, whatever backticks it has; a bar is escaped, as a table wants it."""
    text = _line(text).replace("|", r"\|")
    fence = "`" * (max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def _line(text: str) -> str:
    return " ".join(text.split())

"""Broken rules where a reviewer looks: GitHub's annotations, and GitLab's code quality report."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from footprint.gate.gate_verdict import Judged, RuleOutcome

_COMMAND = {RuleOutcome.FAIL: "error", RuleOutcome.WARN: "warning", RuleOutcome.OK: "notice"}
_SEVERITY = {RuleOutcome.FAIL: "major", RuleOutcome.WARN: "minor"}


def github_text(judged: Sequence[Judged], faults: Sequence[tuple[str, str]] = ()) -> str:
    """A workflow command for each broken rule and each warning, and a notice for each gain that is not accepted.

    `faults` are what could not be judged, each with the reason: errors, too.
    """
    told = [_github(each) for each in judged if each.verdict.outcome is not RuleOutcome.OK or each.verdict.better]
    told += [
        f"::error title={github_property(f'footprint: {word} was not judged')}::{github_data(reason)}"
        for word, reason in faults
    ]
    return "".join(f"{line}\n" for line in told)


def _github(judged: Judged) -> str:
    verdict = judged.verdict
    properties = {"title": f"footprint: {verdict.metric} ({judged.gate or judged.scenario}, {verdict.rules})"}
    if judged.origin.file:
        place = {"file": judged.origin.file}
        if judged.origin.line:
            place["line"] = str(judged.origin.line)
        properties = place | properties
    listed = ",".join(f"{name}={github_property(value)}" for name, value in properties.items())
    message = f"{verdict.sentence}\nrule: {judged.origin.text}\nagain: {judged.repeat}"
    return f"::{_COMMAND[verdict.outcome]} {listed}::{github_data(message)}"


def github_data(text: str) -> str:
    """`text` as the message of a workflow command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def github_property(text: str) -> str:
    """`text` as a value in the head of a workflow command."""
    return github_data(text).replace(":", "%3A").replace(",", "%2C")


def gitlab_report(judged: Sequence[Judged]) -> list[dict[str, Any]]:
    """GitLab's code quality report: an entry for each broken rule and each warning.

    A fingerprint is of the rule and what it judges, not of the figures, so that GitLab knows an entry again.
    """
    return [_gitlab(each) for each in judged if each.verdict.outcome in _SEVERITY]


def _gitlab(judged: Judged) -> dict[str, Any]:
    verdict = judged.verdict
    identity = [judged.scenario, judged.gate, judged.origin.key, verdict.rule, verdict.rules, verdict.mark]
    params = [f"{name}={value}" for name, value in sorted(judged.params.items())]
    return {
        "description": f"{verdict.sentence} (again: {judged.repeat})",
        "check_name": verdict.rule,
        "fingerprint": hashlib.sha256("\0".join([*identity, *params]).encode("utf-8", "replace")).hexdigest(),
        "severity": _SEVERITY[verdict.outcome],
        "location": {"path": judged.origin.file or judged.subject, "lines": {"begin": judged.origin.line or 1}},
    }

"""JUnit's XML: each verdict a test case, for CI systems that draw tests."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby
from xml.sax.saxutils import escape, quoteattr

from footprint.gate.gate_verdict import Judged, RuleOutcome

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What an XML document cannot hold, not even escaped."""


def junit_text(judged: Sequence[Judged], timestamp: str, faults: Sequence[tuple[str, str]] = ()) -> str:
    """The verdicts as JUnit's XML, a suite for each gate; `timestamp` is ISO 8601 without a zone.

    `faults` are what could not be judged, each with the reason: a suite of errors. The form is valid for the schema of
    Ant's JUnit task and for that of Jenkins.
    """
    suites = [list(group) for _, group in groupby(judged, key=_suite_name)]
    failures = sum(not each.verdict.holds for each in judged)
    lines = ['<?xml version="1.0" encoding="UTF-8"?>']
    tests = len(judged) + len(faults)
    lines.append(f'<testsuites name="footprint" tests="{tests}" failures="{failures}">')
    for number, suite in enumerate(suites):
        lines += _suite(number, suite, timestamp)
    if faults:
        lines += _faults(len(suites), faults, timestamp)
    return "\n".join([*lines, "</testsuites>", ""])


def _suite_name(judged: Judged) -> str:
    return judged.gate or judged.scenario


def _suite(number: int, suite: Sequence[Judged], timestamp: str) -> list[str]:
    failures = sum(not each.verdict.holds for each in suite)
    lines = [
        f'  <testsuite name={_quoted(_suite_name(suite[0]))} package="footprint" id="{number}" hostname="localhost" '
        f'timestamp="{timestamp}" tests="{len(suite)}" failures="{failures}" errors="0" skipped="0" time="0">',
        "    <properties>",
    ]
    for name, value in {"scenario": suite[0].scenario, **suite[0].params}.items():
        lines.append(f"      <property name={_quoted(name)} value={_quoted(str(value))}/>")
    lines.append("    </properties>")
    for each in suite:
        lines += _case(each)
    warnings = [each.verdict.sentence for each in suite if each.verdict.outcome is RuleOutcome.WARN]
    lines.append(f"    <system-out>{_text(chr(10).join(warnings))}</system-out>")
    return [*lines, "    <system-err></system-err>", "  </testsuite>"]


def _faults(number: int, faults: Sequence[tuple[str, str]], timestamp: str) -> list[str]:
    """The suite of what could not be judged."""
    lines = [
        f'  <testsuite name="not judged" package="footprint" id="{number}" hostname="localhost" '
        f'timestamp="{timestamp}" tests="{len(faults)}" failures="0" errors="{len(faults)}" skipped="0" time="0">',
        "    <properties></properties>",
    ]
    for word, reason in faults:
        lines += [
            f'    <testcase classname="footprint" name={_quoted(word)} time="0">',
            f'      <error type="request" message={_quoted(reason)}></error>',
            "    </testcase>",
        ]
    return [*lines, "    <system-out></system-out>", "    <system-err></system-err>", "  </testsuite>"]


def _case(judged: Judged) -> list[str]:
    verdict = judged.verdict
    name = f"{verdict.rule} [{verdict.rules} at {verdict.mark}]"
    head = f'    <testcase classname={_quoted(f"footprint.{_suite_name(judged)}")} name={_quoted(name)} time="0"'
    if verdict.holds:
        return [f"{head}/>"]
    body = f"rule: {judged.origin.text}\nagain: {judged.repeat}"
    return [
        f"{head}>",
        f'      <failure type="gate" message={_quoted(verdict.sentence)}>{_text(body)}</failure>',
        "    </testcase>",
    ]


def _quoted(text: str) -> str:
    return quoteattr(_valid(text))


def _text(text: str) -> str:
    return escape(_valid(text))


def _valid(text: str) -> str:
    return _NOT_XML.sub(lambda match: f"\\x{ord(match[0]):02x}", text)

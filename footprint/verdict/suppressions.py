"""Leaks that somebody has accepted: with a reason, and until a day.

In ``pyproject.toml``::

    [[tool.footprint.leaks.suppress]]
    target = "unicorn:sparc64"        # a pattern, as of file names
    metric = "heap.*"                 # the same; without it, every metric
    where = "*tlb_init_sparc64*"      # the same, on the place; without it, every place
    reason = "reported, mended in the next release"
    expires = 2027-03-31              # the last day
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from footprint.errors import InputFileError, reason_of
from footprint.verdict.verdict import Answer, Finding, FindingKind, Verdict

TABLE = "[[tool.footprint.leaks.suppress]]"
NEEDED, ALLOWED = ("target", "reason", "expires"), ("target", "metric", "where", "reason", "expires")


@dataclass(frozen=True, slots=True)
class Suppression:
    """Accepts what leaks in `target` in `metric` at `where`, three patterns, up to the day `expires`."""

    target: str
    reason: str
    expires: date
    metric: str = "*"
    where: str = "*"

    def covers(self, target: str, finding: Finding) -> bool:
        """Whether all of `finding` is accepted: each of its places, where the pattern asks for places."""
        if not (fnmatchcase(target, self.target) and fnmatchcase(finding.metric, self.metric)):
            return False
        if self.where == "*":
            return True
        return bool(finding.where) and all(fnmatchcase(place.text, self.where) for place in finding.where)


def read_suppressions(path: Path) -> list[Suppression]:
    """Those in the pyproject.toml at `path`; none where there is no such file or no such table.

    Raises InputFileError for what is not TOML, and for an entry that lacks its reason or its day.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return []
    except OSError as error:
        raise InputFileError(path, f"cannot be read: {reason_of(error)}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputFileError(path, f"is not valid TOML: {error}") from None
    table: Any = document
    for name in ("tool", "footprint", "leaks", "suppress"):
        table = table.get(name, {}) if isinstance(table, dict) else None
    if table == {}:
        return []
    if not isinstance(table, list):
        raise InputFileError(path, f"suppress is not a list of tables; write {TABLE}")
    return [_entry(path, number, entry) for number, entry in enumerate(table, 1)]


def _entry(path: Path, number: int, entry: Any) -> Suppression:
    where = f"entry {number} of {TABLE}"
    if not isinstance(entry, Mapping):
        raise InputFileError(path, f"{where} is not a table")
    for name in entry:
        if name not in ALLOWED:
            raise InputFileError(path, f"{where} has {name!r}; valid: {', '.join(ALLOWED)}")
    for name in NEEDED:
        if not entry.get(name):
            raise InputFileError(path, f"{where} has no {name}; {', '.join(NEEDED)} are needed")
    for name in set(entry) - {"expires"}:
        if not isinstance(entry[name], str):
            raise InputFileError(path, f"{where}: {name} is {entry[name]!r}, not a text")
    return Suppression(**{**entry, "expires": _day(path, where, entry["expires"])})


def _day(path: Path, where: str, value: Any) -> date:
    if isinstance(value, datetime):
        return value.date()
    try:
        return value if isinstance(value, date) else date.fromisoformat(value)
    except (TypeError, ValueError):
        raise InputFileError(path, f"{where}: expires is {value!r}, not a day as in 2027-03-31") from None


def suppressed(verdict: Verdict, suppressions: Iterable[Suppression], today: date) -> Verdict:
    """`verdict` without the leaks that are accepted `today`; with none left it is clean.

    A suppression of this target that has expired is told, and fails, whether its leak is still there or not.
    """
    about = [suppression for suppression in suppressions if fnmatchcase(verdict.target, suppression.target)]
    valid = [suppression for suppression in about if suppression.expires >= today]
    findings = [_marked(verdict.target, finding, valid) for finding in verdict.findings]
    verdict = replace(
        verdict.with_findings(findings),
        expired=tuple(
            f"the suppression of {old.target} ({old.reason}) expired on {old.expires}: mend the leak, or renew it"
            for old in about
            if old.expires < today
        ),
    )
    return replace(verdict, verdict=Answer.CLEAN) if verdict.verdict == Answer.LEAK and not verdict.leaks else verdict


def _marked(target: str, finding: Finding, valid: Iterable[Suppression]) -> Finding:
    if finding.kind != FindingKind.LEAK:
        return finding
    accepted = [suppression for suppression in valid if suppression.covers(target, finding)]
    return replace(finding, suppressed=f"{accepted[0].reason} (until {accepted[0].expires})") if accepted else finding

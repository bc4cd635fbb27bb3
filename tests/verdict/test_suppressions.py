"""Leaks that somebody has accepted: with a reason, until a day, and no longer."""

from datetime import date

import pytest

from footprint.errors import InputFileError
from footprint.verdict.place import Place, PlaceKind
from footprint.verdict.suppressions import Suppression, read_suppressions, suppressed
from footprint.verdict.trend import Slope
from footprint.verdict.verdict import Answer, Finding, FindingKind, Verdict
from tests.conftest import PROGRAMS

TODAY = date(2026, 11, 24)
PLANTED = PROGRAMS / "planted.py"
ENTRY = """
[[tool.footprint.leaks.suppress]]
target = "{target}"
metric = "{metric}"
reason = "known, mended in 3.1"
expires = {expires}
"""


def verdict(*findings):
    return Verdict("app:parse", Answer.LEAK, 1000, findings)


def leak(metric="heap.bytes", *places):
    where = tuple(Place(PlaceKind.STACK, place) for place in places)
    return Finding(FindingKind.LEAK, metric, Slope(16, 16, 16), where)


def accepted(**fields):
    return Suppression(**{"target": "app:*", "reason": "known", "expires": TODAY, **fields})


@pytest.mark.parametrize(
    ("fields", "findings", "expected"),
    [
        ({}, [leak()], "clean"),
        ({"target": "other:*"}, [leak()], "leak"),
        ({"metric": "heap.*"}, [leak()], "clean"),
        ({"metric": "heap.*"}, [leak(), leak("fds")], "leak"),
        ({"where": "*parse_it*"}, [leak("heap.bytes", "2 blocks in parse_it <- main")], "clean"),
        ({"where": "*parse_it*"}, [leak("heap.bytes", "parse_it", "elsewhere")], "leak"),
        ({"where": "*parse_it*"}, [leak()], "leak"),
    ],
)
def test_a_leak_is_accepted_only_if_all_of_it_is(fields, findings, expected):
    assert suppressed(verdict(*findings), [accepted(**fields)], TODAY).verdict == expected


def test_an_accepted_leak_is_still_told_with_its_reason():
    (finding,) = suppressed(verdict(leak()), [accepted()], TODAY).findings
    assert finding.suppressed == "known (until 2026-11-24)"
    assert finding.document()["suppressed"] == "known (until 2026-11-24)"


def test_a_suppression_holds_on_its_last_day_and_fails_on_the_next():
    assert suppressed(verdict(leak()), [accepted()], TODAY).exit_code == 0
    after = suppressed(verdict(leak()), [accepted()], date(2026, 11, 25))
    assert (after.verdict, after.exit_code) == ("leak", 1)
    assert after.expired[0].startswith("the suppression of app:* (known) expired on 2026-11-24")


def test_an_expired_suppression_fails_also_when_its_leak_is_gone():
    clean = suppressed(Verdict("app:parse", Answer.CLEAN, 1000), [accepted()], date(2027, 1, 1))
    assert (clean.verdict, clean.exit_code) == ("clean", 1)
    assert suppressed(Verdict("other:f", Answer.CLEAN, 1000), [accepted()], date(2027, 1, 1)).exit_code == 0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[tool.footprint", "is not valid TOML"),
        ('[tool.footprint.leaks]\nsuppress = "all"', "is not a list of tables"),
        ('[[tool.footprint.leaks.suppress]]\ntarget = "x"\nexpires = 2027-01-01', "has no reason"),
        ('[[tool.footprint.leaks.suppress]]\ntarget = "x"\nreason = "y"', "has no expires"),
        (ENTRY.format(target="x", metric="*", expires='"soon"'), "not a day as in"),
        (ENTRY.format(target="x", metric="*", expires="2027-01-01") + "until = 3", "has 'until'; valid: target"),
    ],
)
def test_an_entry_that_cannot_be_used_is_refused_with_what_is_wrong(tmp_path, text, words):
    path = tmp_path / "pyproject.toml"
    path.write_text(text)
    with pytest.raises(InputFileError, match=words) as caught:
        read_suppressions(path)
    assert str(path) in str(caught.value)


def test_without_a_file_or_a_table_nothing_is_suppressed(tmp_path):
    path = tmp_path / "pyproject.toml"
    assert read_suppressions(path) == []
    path.write_text("[project]\nname = 'x'\n")
    assert read_suppressions(path) == []


@pytest.mark.parametrize(("expires", "code"), [("2999-12-31", 0), ("2020-01-01", 1)])
def test_the_command_line_obeys_the_pyproject_beside_it(footprint, tmp_path, expires, code):
    (tmp_path / "pyproject.toml").write_text(ENTRY.format(target="*planted.py:one_object", metric="*", expires=expires))
    done = footprint("leaks", f"{PLANTED}:one_object", "--no-where")
    assert done.returncode == code
    assert ("expired on 2020-01-01" in done.stdout) == (code == 1)
    assert "known, mended in 3.1" in done.stdout

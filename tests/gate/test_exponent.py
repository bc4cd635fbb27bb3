"""The rule on an exponent: on sweeps that were made, and on those that a gate asks for."""

import json

import pytest

from footprint.errors import RequestError
from footprint.gate.exponent import Exponent
from footprint.gate.gate_verdict import RuleOutcome
from footprint.recording.sweep import SWEEP_SCHEMA, Fit, Sweep

SMALL = ("-s", "cpus=1", "-s", "bridges=1", "-g", "nics=4,8,16,31", "-r", "v7.2.0", "-r", "v2.10.0")


def sweep(exponent, low, high):
    fit = Fit("flatviews.created", "nics", "v7.2.0", exponent, low, high, "power", "weak", (), {}, ((1, 1), (2, 2)))
    return Sweep(SWEEP_SCHEMA, "power8", {"nics": (1, 2, 3)}, (), (fit,), ())


@pytest.mark.parametrize(
    ("exponent", "low", "high", "outcome"),
    [
        (1.0, 1.0, 1.0, RuleOutcome.OK),
        (1.04, 0.9, 1.2, RuleOutcome.OK),
        (1.06, 1.0, 1.1, RuleOutcome.WARN),
        (1.2, 1.06, 1.4, RuleOutcome.FAIL),
        (2.0, 2.0, 2.0, RuleOutcome.FAIL),
        (1.06, None, None, RuleOutcome.FAIL),
    ],
)
def test_an_exponent_breaks_the_limit_when_all_of_its_interval_does_and_else_warns(exponent, low, high, outcome):
    (verdict,) = Exponent.parse("flatviews.created over nics<=1.05").judge(sweep(exponent, low, high))
    assert verdict.outcome is outcome


@pytest.mark.parametrize("text", ["flatviews.created<=1", "flatviews.created over nics", "a over b>=1", ""])
def test_what_is_no_exponent_is_refused_with_an_example(text):
    with pytest.raises(RequestError, match="as in 'flatviews\\.created over nics<=1\\.05'"):
        Exponent.parse(text)


def test_a_sweep_without_that_law_is_refused():
    with pytest.raises(RequestError, match="no law of nodes over nics"):
        Exponent.parse("nodes over nics<=1").judge(sweep(1, 1, 1))


def test_gate_judges_a_sweep_by_its_folder_and_tells_the_rule_set_that_grows_too_fast(footprint):
    assert footprint("sweep", "power8", *SMALL, "-o", "grown", "--no-report").returncode == 0
    rule = ("--exponent", "flatviews.created over nics<=1.05")
    assert footprint("gate", "grown", *rule, "-r", "v7.2.0").returncode == 0
    both = footprint("gate", "grown", *rule, "--json")
    assert both.returncode == 1
    verdicts = json.loads(both.stdout)["verdicts"]
    assert [(each["rules"], each["value"], each["outcome"]) for each in verdicts] == [
        ("v7.2.0", 1, "ok"), ("v2.10.0", 2, "fail"),
    ]  # fmt: skip
    assert footprint("gate", "grown").returncode == 2
    alone = footprint("gate", *rule)
    assert (alone.returncode, "name the folder that footprint sweep wrote" in alone.stderr) == (2, True)


def test_a_gate_in_the_pyproject_plays_its_grid(footprint, tmp_path):
    (tmp_path / "pyproject.toml").write_text(
        "[tool.footprint.gates.growth]\n"
        'scenario = "power8"\nparams = { cpus = 1, bridges = 1 }\nrules = ["v11.1.0"]\n'
        "grid = { nics = [2, 4, 8, 16] }\n"
        'exponents = ["flatviews.created over nics<=1.05"]\n'
    )
    done = footprint("gate")
    assert done.returncode == 1
    assert "grows as nics^2.00 under v11.1.0, quadratic, exact: breaks the limit <= 1.05" in done.stdout
    assert "growth: exponent flatviews.created over nics<=1.05" in footprint("gate", "--explain").stdout


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ('exponents = ["flatviews.created over nics<=1"]', "exponents go with grid"),
        ('grid = { nics = [1, 2, 3] }\nexponents = ["flatviews.created<=1"]', "exponents[0]"),
        ('grid = { nics = [1, 2, 3] }\nexponents = ["flatviews.created over cpus<=1"]', "cpus is not in grid: nics"),
        ("grid = { nics = [1, 2, 3] }", "has no rule"),
    ],
)
def test_exponents_that_cannot_be_judged_are_refused_with_file_and_line(footprint, tmp_path, lines, words):
    (tmp_path / "pyproject.toml").write_text(f"[tool.footprint.gates.power8]\n{lines}\n")
    done = footprint("gate")
    assert done.returncode == 2
    assert words in done.stderr
    assert "pyproject.toml:" in done.stderr

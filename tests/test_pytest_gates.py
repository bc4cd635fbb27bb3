"""The marker and the fixture `footprint`: a test that is a gate passes, fails or is an error as docs/gates.md says."""

import json
import os
import re
import shlex
import subprocess
import sys
from xml.etree import ElementTree

import pytest

from tests.conftest import ROOT

pytest_plugins = ["pytester"]

SMALL = "cpus=2, nics=3, bridges=1"
PAGE = (ROOT / "docs" / "gates.md").read_text()


@pytest.fixture
def run(pytester, monkeypatch):
    """Run pytest as a user does on a file with that text; gives the result."""
    for name in list(os.environ):
        if name.startswith(("PYTEST_", "COV_")):
            monkeypatch.delenv(name)

    def run(text, *arguments):
        pytester.makepyfile(test_x="import pytest\n" + text)
        return pytester.runpytest_subprocess("-p", "no:hypothesispytest", *arguments, timeout=120)

    return run


def marked(arguments, body="pass"):
    return f"@pytest.mark.footprint('power8', {SMALL}, {arguments})\ndef test_it():\n    {body}\n"


def test_a_gate_that_holds_passes_and_is_in_the_summary(run):
    result = run(marked("rules='v7.2.0', budgets={'flatviews.alive': 4}"))
    result.assert_outcomes(passed=1)
    result.stdout.re_match_lines([
        "=+ footprint =+",
        "1 check passed",
        r"verdict +test +metric +rules +mark +limit +now$",
        r"ok +test_x.py::test_it +flatviews.alive +v7.2.0 +built +<= 4 +4$",
    ])  # fmt: skip


def test_a_broken_gate_fails_the_test_and_names_the_owner_the_rule_and_the_command(run, pytester):
    result = run(marked("rules='v10.0.0', budgets={'flatviews.alive': 4}", body="print('the body ran')"))
    result.assert_outcomes(failed=1)
    text = result.stdout.str()
    assert "the body ran" not in text
    assert "FAIL  flatviews.alive is 8 under v10.0.0 at built: breaks the budget <= 4; 4 views private" in text
    assert "rule:  budget flatviews.alive<=4 (test_x.py:2 test_it)" in text
    [again] = set(re.findall(r"again: footprint (.*)$", text, re.MULTILINE))
    once_more = pytester.run(sys.executable, "-m", "footprint", *shlex.split(again))
    assert once_more.ret == 1
    assert "flatviews.alive is 8 under v10.0.0" in once_more.stdout.str()


WRONG = [
    ("'power9', budgets={'flatviews.alive': 4}", "unknown scenario 'power9' (did you mean 'power8'?)"),
    ("'power8', budgets={'flatviews.alife': 4}", "unknown metric 'flatviews.alife'"),
    ("'power8', budget={'flatviews.alive': 4}", "unknown argument of footprint for power8 'budget'"),
    ("'power8', rules='v1', budgets={'flatviews.alive': 4}", "unknown rule set 'v1'"),
    ("'power8', cpus='many', budgets={'flatviews.alive': 4}", "parameter cpus"),
    ("'power8', budgets={'process.rss': '90MiB'}", "process.rss is measured, and noisy: state its tolerance"),
    ("'power8', budgets=4", "budgets=4 is neither a dict such as"),
    ("'power8', rules=7, budgets={'flatviews.alive': 4}", "rules=7 is neither the name of a rule set"),
    ("'power8', cpus=2", "the marker has no rule to judge power8 by; give budgets= or baseline="),
    ("budgets={'flatviews.alive': 4}", "the one argument without a name is the scenario"),
    ("'power8', backend='kvm', budgets={'flatviews.alive': 4}", "unknown backend 'kvm'; valid: model, qemu"),
    ("'power8', baseline='no.json'", "no.json: cannot read the baseline: no such file or directory"),
    ("'power8', cpus=1, mark='b', budgets={'flatviews.alive': 4}", "unknown mark"),
]


def test_what_cannot_be_played_or_judged_is_an_error_of_the_test_in_one_sentence(run):
    tests = [f"@pytest.mark.footprint({marker})\ndef test_{n}(): pass" for n, (marker, _) in enumerate(WRONG)]
    result = run("\n".join(tests))
    result.assert_outcomes(errors=len(WRONG))
    told = [line for line in result.stdout.lines if line.startswith("footprint: ")]
    for line, (_, sentence) in zip(told, WRONG, strict=True):
        assert sentence in line
    assert not re.search("During handling|Traceback", result.stdout.str())


def test_a_qemu_that_is_missing_is_an_error_and_says_what_to_install(run):
    result = run(
        "@pytest.mark.footprint('pc', backend='qemu', budgets={'flatviews.alive': 4})\ndef test_it(): pass\n",
        "--footprint-qemu=no-such-qemu",
    )
    result.assert_outcomes(errors=1)
    assert "no-such-qemu" in result.stdout.str()


def test_a_real_qemu_is_judged(run, need):
    program = need("qemu-system-x86_64", "qemu-system-x86")
    text = "@pytest.mark.footprint('pc', backend='qemu', budgets={'flatviews.alive': %d})\ndef test_it(): pass\n"
    run(text % 1, "-o", f"footprint_qemu={program}").stdout.fnmatch_lines(["*again: pytest test_x.py::test_it"])


def test_the_fixture_gives_figures_and_fails_or_raises_where_it_is_called(run):
    result = run(
        f"""
from footprint.errors import UnknownNameError

def test_figures(footprint):
    played = footprint.run("power8", {SMALL}, rules="v7.2.0")
    assert played["flatviews.alive"] == 4
    assert played.value("flatviews.alive", mark="destroyed") == 0
    assert played.recording.params["nics"] == 3

def test_two_rule_sets(footprint):
    played = footprint.run("power8", {SMALL}, rules=["v7.2.0", "v10.0.0"], budgets=["flatviews.alive<=8"])
    assert played.value("flatviews.alive", rules="v10.0.0") == 2 * played.value("flatviews.alive", "v7.2.0")
    with pytest.raises(UnknownNameError):
        played.value("flatviews.dead", "v7.2.0")
    with pytest.raises(AssertionError, match="breaks the budget <= 4"):
        footprint.run("power8", {SMALL}, rules="v10.0.0", budgets={{"flatviews.alive": "<= 4"}})

def test_broken(footprint):
    footprint.run("power8", {SMALL}, rules="v10.0.0", budgets={{"flatviews.alive": 4}})

def test_unknown(footprint):
    footprint.run("power9")
"""
    )
    result.assert_outcomes(passed=2, failed=2)
    text = result.stdout.str()
    assert '>       footprint.run("power9")' in text
    assert "UnknownNameError: unknown scenario 'power9' (did you mean 'power8'?)" in text
    assert "1 of 4 checks failed" not in text and "2 of 4 checks failed" in text
    assert "gated_test.py" not in re.sub(r"^\S*gated_test\.py:\d+: .*$", "", text, flags=re.M)


def test_markers_of_a_class_and_of_a_test_are_all_judged_and_skips_stay_skips(run):
    result = run(
        f"""
import unittest

@pytest.mark.footprint("power8", {SMALL}, rules="v7.2.0", budgets={{"flatviews.alive": 4}})
class TestBoth:
    @pytest.mark.footprint("power8", {SMALL}, rules="v10.0.0", budgets={{"flatviews.alive": 4}})
    def test_one(self): pass

    @pytest.mark.skip
    def test_two(self): pass

@pytest.mark.footprint("power8", {SMALL}, rules="v7.2.0", budgets={{"flatviews.alive": 3}})
class TestOld(unittest.TestCase):
    def test_three(self): pass
"""
    )
    result.assert_outcomes(failed=2, skipped=1)
    assert "2 of 3 checks failed" in result.stdout.str()


def test_a_baseline_is_kept_and_a_gain_is_told(run, pytester):
    accept = ["accept", "power8", "-s", "cpus=2", "-s", "nics=3", "-s", "bridges=1", "-r", "v7.2.0", "-o", "b.json"]
    assert pytester.run(sys.executable, "-m", "footprint", *accept).ret == 0
    text = marked("rules='v7.2.0', baseline='b.json'")
    run(text).assert_outcomes(passed=1)
    file = pytester.path / "b.json"
    baseline = json.loads(file.read_text())
    baseline["runs"][0]["metrics"]["flatviews.created"] += 1
    baseline["runs"][0]["metrics"]["commits"] -= 1
    file.write_text(json.dumps(baseline))
    result = run(text, "--footprint-summary=broken")
    result.assert_outcomes(failed=1)
    said = result.stdout.str()
    assert "a gain that is not accepted: flatviews.created is " in said
    assert re.search(r"again: footprint gate power8 .* --baseline b\.json$", said, re.MULTILINE)
    assert not re.search(r"^ok ", said, re.MULTILINE)


def test_the_summary_is_whole_under_xdist_and_in_the_order_of_need(run):
    budgets = [("v7.2.0", 4), ("v10.0.0", 8), ("v10.0.0", 4)]
    result = run(
        f"""
@pytest.mark.parametrize("rules,most", {budgets})
def test_it(footprint, rules, most):
    footprint.run("power8", {SMALL}, rules=rules, budgets={{"flatviews.alive": most}})
""",
        "-n2",
        "--footprint-save=kept",
    )
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.re_match_lines([
        "1 of 3 checks failed",
        "verdict +test +metric",
        r"FAIL +test_x.py::test_it\[v10.0.0-4\]",
        "ok +test_x.py",
        "ok +test_x.py",
    ])  # fmt: skip


def test_every_setting_is_an_option_and_in_the_ini_file(run, pytester):
    pytester.makeini(
        "[pytest]\nfootprint_rules = v10.0.0 v11.1.0\nfootprint_save = kept\nfootprint_history = h.db\n"
        "footprint_summary = none\n"
    )
    result = run(marked("budgets={'flatviews.alive': 8}"))
    result.assert_outcomes(passed=1)
    assert "= footprint =" not in result.stdout.str()
    recording = json.loads((pytester.path / "kept" / "test_x.py-test_it" / "recording.json").read_text())
    assert [run["rules"] for run in recording["runs"]] == ["v10.0.0", "v11.1.0"]
    history = ["history", "flatviews.alive", "--json"]
    os.environ["FOOTPRINT_HISTORY"] = str(pytester.path / "h.db")
    try:
        kept = json.loads(pytester.run(sys.executable, "-m", "footprint", *history).stdout.str())
    finally:
        del os.environ["FOOTPRINT_HISTORY"]
    assert len(kept["series"]) == 2
    result = run(marked("budgets={'flatviews.alive': 4}"), "--footprint-rules=v7.2.0", "--footprint-summary=all")
    assert re.search("^ok .* v7.2.0 ", result.stdout.str(), re.MULTILINE)
    wrong = run(marked("budgets={'flatviews.alive': 4}"), "--footprint-summary=some")
    assert "unknown value of --footprint-summary 'some'; valid: all, broken, none" in wrong.stdout.str()


def test_it_explains_itself_and_leaves_other_tests_alone(run, pytester):
    result = run("def test_it(): pass", "--junit-xml=x.xml", "-v")
    result.assert_outcomes(passed=1)
    assert "footprint" not in ElementTree.parse(pytester.path / "x.xml").getroot().find(".//testcase").attrib
    assert "= footprint =" not in result.stdout.str()
    assert "@pytest.mark.footprint(scenario, budgets=None" in run("", "--markers").stdout.str()
    assert re.search(r"^footprint -- ", run("", "--fixtures").stdout.str(), re.MULTILINE)
    helped = run("", "--help").stdout.str()
    for name in ("rules", "qemu", "save", "history", "summary"):
        assert f"--footprint-{name}=" in helped and f"footprint_{name} (string)" in helped


def test_setup_plan_plays_nothing(run):
    assert run("@pytest.mark.footprint('power9')\ndef test_it(): pass", "--setup-plan").ret == 0


def example():
    """The page's example, the outcomes that it says, and the summary that it shows."""
    section = PAGE[PAGE.index("## In pytest") : PAGE.index("## In CI")]
    [code] = re.findall(r"^```python\n(.*?)^```", section, re.M | re.S)
    passed, failed, errors = map(int, re.search(r"\((\d) pass, (\d) fails, (\d) is an error\)", section).groups())
    [shown] = re.findall(r"^```\n(.*?)^```\n", section.replace(f"```python\n{code}```\n", ""), re.M | re.S)
    return code, {"passed": passed, "failed": failed, "errors": errors}, shown


def test_an_installed_wheel_gates_the_suite_of_an_empty_project(tmp_path, wheel_programs):
    code, outcomes, shown = example()
    (tmp_path / "test_guest.py").write_text(code)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PYTEST"))}

    def python(*arguments):
        command = [wheel_programs / "python", *arguments]
        return subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120, check=False
        )

    where = python("-c", "import footprint; print(footprint.__file__)").stdout
    assert where.startswith(str(wheel_programs.parent))
    done = python("-m", "pytest", "-q")
    assert done.returncode == 1
    said = f"{outcomes['failed']} failed, {outcomes['passed']} passed, {outcomes['errors']} error in"
    assert said in done.stdout and shown in done.stdout
    done = python("-m", "pytest", "-q", "-k", "share or brings")
    assert done.returncode == 0, done.stdout

"""Tests with the marker or the fixture `no_leaks` are measured in a process of their own; all others are left alone."""

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from xml.etree import ElementTree

import pytest

from tests.conftest import PROGRAMS, ROOT
from tests.fixtures.processes import interruptible

pytest_plugins = ["pytester"]

SOURCES = PROGRAMS / "no_leaks"


def source(text):
    """The text of a program in a file, by its name, or the text itself."""
    return (SOURCES / f"{text}.py").read_text() if text.isidentifier() else text


@pytest.fixture
def run(pytester, monkeypatch):
    """Run pytest as a user does: ``run("-k", "x", test_x="NAME")`` has that program as its file, and gives the result.

    What is no program's name is the text of the file.
    """
    for name in list(os.environ):
        if name.startswith(("PYTEST_", "COV_")):
            monkeypatch.delenv(name)

    def run(*arguments, **files):
        if files:
            pytester.makepyfile(**{name: source(text) for name, text in files.items()})
        return pytester.runpytest_subprocess("-p", "no:hypothesispytest", *arguments, timeout=120)

    return run


def test_a_leak_fails_with_its_figures_and_the_command_that_shows_it_again(run, pytester):
    text = run(test_x="leaking").stdout.str()
    assert "FAILED test_x.py::test_it - Failed: leak: test_x.py::test_it, " in text
    assert re.search(r"metric +per cycle +95 % interval", text)
    assert re.search(r"python\.blocks +2 blocks +exact", text)
    [again] = set(re.findall("^reproduce: (.*)$", text, re.MULTILINE))  # under CI the summary has it again
    program, *words = shlex.split(again)
    assert program == "pytest"
    once_more = pytester.run(sys.executable, "-m", program, *words)
    assert once_more.ret == 1
    assert f"reproduce: {again}" in once_more.stdout.str()


def test_a_clean_test_passes_and_a_leak_of_c_fails(run):
    result = run(test_x="native")
    result.assert_outcomes(passed=1, failed=1)
    assert re.search(r"heap\.bytes +80 B", result.stdout.str())


def test_parameters_classes_and_fixtures_of_all_scopes_work(run):
    result = run(
        "-rA",
        test_x="scopes",
    )
    result.assert_outcomes(passed=2, failed=1)
    text = result.stdout.str()
    assert "session is over" in text
    assert ">       assert word == " in text
    assert "AssertionError: another" in text


def test_the_command_quotes_a_name_that_a_shell_would_read(run, pytester):
    result = run(test_x="words")
    first, _ = dict.fromkeys(re.findall("^reproduce: pytest (.*)$", result.stdout.str(), re.MULTILINE))
    assert first == "'test_x.py::test_it[a b]'"


def test_skip_xfail_and_ordinary_failures_are_what_they_are_elsewhere(run):
    result = run(
        "-rA",
        test_x="outcomes",
    )
    result.assert_outcomes(skipped=2, xfailed=1, failed=3, errors=1)
    text = result.stdout.str()
    assert "E       assert 2 == 3" in text
    assert "said before" in text
    assert "raised in a later cycle: no_leaks runs it again and again" in text
    assert "ValueError: no such thing" in text
    assert "leak: test_x.py::TestOld::test_method, 2 blocks a cycle" in text
    assert "footprint/leaks" not in text


def test_what_ends_the_process_is_reported(run):
    result = run(test_x="endings")
    result.assert_outcomes(passed=1, failed=3, errors=1)
    text = result.stdout.str()
    assert "inconclusive: test_x.py::test_dies, it is killed by signal 6 in its first run\n" in text
    assert "Fatal Python error: Aborted" in text
    assert "inconclusive: test_x.py::test_dies_later, it exits (7) in cycle" in text
    assert "inconclusive: test_x.py::test_hangs, it hangs in its first run: nothing for 1 s" in text
    assert "it exits (3) while its fixtures were set up" in text


def test_under_xdist_and_with_junit_other_tests_stay_where_they_are(run, pytester):
    result = run(
        "-n",
        "2",
        "--dist",
        "loadgroup",
        "--word",
        "given",
        "--junitxml",
        "out.xml",
        conftest="groups_conftest",
        test_x="groups",
    )
    result.assert_outcomes(passed=5, failed=1)
    cases = {
        case.get("name").partition("@")[0]: case
        for case in ElementTree.parse(pytester.path / "out.xml").iter("testcase")
    }
    assert len(cases) == 6
    failure = cases["test_leak"].find("failure")
    assert "leak: test_x.py::test_leak" in failure.get("message")
    assert "reproduce: pytest test_x.py::test_leak\n" in f"{failure.text}\n"
    assert all(case.find("failure") is None for name, case in cases.items() if name != "test_leak")


def test_the_fixture_measures_closures_and_says_what_leaks(run):
    result = run(test_x="closures")
    result.assert_outcomes(passed=2, failed=2)
    text = result.stdout.str()
    assert re.search(r"^> +no_leaks\(lambda: kept.append", text, re.MULTILINE)
    assert re.search(r"^E +python\.blocks +2 blocks +exact", text, re.MULTILINE)
    assert re.search(r"^E +reproduce: pytest test_x.py::test_leak$", text, re.MULTILINE)
    assert re.search(r"^> +return int\(word\)", text, re.MULTILINE)
    assert "invalid literal for int() with base 10: 'x'" in text
    assert "footprint/leaks" not in text


def test_wrong_arguments_are_told_in_one_sentence(run):
    result = run(
        "--tb=short",
        test_x="arguments",
    )
    result.assert_outcomes(passed=1, failed=2, errors=5)
    result.stdout.fnmatch_lines([
        "no_leaks: 'heap.bites' cannot decide a verdict; choose from heap.bytes, *",
        "no_leaks: cycles 5 are too few to tell; it is a whole number from 20",
        "no_leaks: unknown argument of no_leaks 'cycle' (did you mean 'cycles'?); valid: cycles, metrics, seconds",
        "no_leaks: no_leaks takes its arguments by name: cycles=, metrics=, seconds=",
        "no_leaks: seconds='long' is not a number from 1",
        "*no_leaks cannot be used in what is being measured",
        "*no_leaks must be an argument of the test or of one of its fixtures",
    ])  # fmt: skip


def test_what_pytest_remembers_for_its_reports_is_no_leak(run):
    result = run(test_x="remembered")
    result.assert_outcomes(passed=2)
    capture_sys = run("--capture=sys", "-W", "error::UserWarning", "-k", "test_output")
    capture_sys.assert_outcomes(passed=1, deselected=1)


def test_fixtures_of_the_tests_around_are_torn_down_in_time(run, pytester):
    result = run(
        "-x",
        test_a="around_a",
        test_b="around_b",
    )
    result.assert_outcomes(passed=3, failed=1)
    assert "stopping after 1 failures" in result.stdout.str()
    again = run("--lf", test_b="def test_fails(): pass")
    again.assert_outcomes(passed=1)


def test_it_explains_itself_and_leaves_collecting_alone(run):
    assert "@pytest.mark.no_leaks(cycles=None, metrics=None, seconds=60): the test" in run("--markers").stdout.str()
    text = run("--fixtures").stdout.str()
    assert re.search(r"^no_leaks -- .*\n +Call it with a function: it fails if that leaks.", text, re.MULTILINE)
    collected = run("--collect-only", "--strict-markers", "-q", test_x="leaking")
    assert "test_x.py::test_it" in collected.stdout.str()
    assert run("--setup-only", test_x="leaking").ret == 0


def test_errors_of_warnings_do_not_reach_the_process_itself(run):
    result = run(
        "-W",
        "error",
        "-p",
        "no:cacheprovider",
        "--import-mode=importlib",
        test_x="warns",
    )
    result.assert_outcomes(passed=1, failed=1)
    assert "UserWarning: old" in result.stdout.str()


def test_a_test_that_ends_the_run_ends_it(run):
    result = run(test_x="exits")
    assert result.ret == 9
    assert "enough" in result.stdout.str()


def test_a_time_limit_of_pytest_timeout_holds(run):
    result = run(
        "-o",
        "timeout=3",
        test_x="hangs",
    )
    result.assert_outcomes(failed=1)
    assert "Timeout" in result.stdout.str()


def test_ctrl_c_leaves_no_process(pytester):
    pytester.makepyfile(test_x=source("waits"))
    process = interruptible(
        [sys.executable, "-m", "pytest", "-q"], cwd=pytester.path, stdout=subprocess.PIPE, text=True
    )
    pid = pytester.path / "pid"
    while not pid.exists() or not pid.read_text().endswith(" "):
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    assert "KeyboardInterrupt" in process.communicate(timeout=60)[0]
    assert process.returncode == 2
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)


def test_the_examples_of_the_documentation_do_what_it_says(run):
    pages = "".join(page.read_text() for page in sorted((ROOT / "docs").glob("leaks*.md")))
    marked, leaking = (
        code for code in re.findall(r"^```python\n(.*?)^```", pages, re.MULTILINE | re.DOTALL) if "no_leaks" in code
    )
    result = run(test_x=f"parse = str.split\n{marked}\n{leaking}")
    result.assert_outcomes(passed=1, failed=1)
    assert re.search(r"python\.blocks +1 block +exact", result.stdout.str())

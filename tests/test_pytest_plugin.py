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

from tests.conftest import ROOT
from tests.fixtures.processes import interruptible

pytest_plugins = ["pytester"]

LEAKING = """
    import pytest

    kept = []

    @pytest.mark.no_leaks(cycles=2000)
    def test_it():
        kept.append(bytearray(100))
"""


@pytest.fixture
def run(pytester, monkeypatch):
    """Run pytest as a user does: ``run("-k", "x", test_x="…")`` writes the file and gives the result."""
    for name in list(os.environ):
        if name.startswith(("PYTEST_", "COV_")):
            monkeypatch.delenv(name)

    def run(*arguments, **files):
        if files:
            pytester.makepyfile(**files)
        return pytester.runpytest_subprocess("-p", "no:hypothesispytest", *arguments, timeout=120)

    return run


def test_a_leak_fails_with_its_figures_and_the_command_that_shows_it_again(run, pytester):
    text = run(test_x=LEAKING).stdout.str()
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
    result = run(
        test_x="""
        import ctypes
        import pytest

        libc = ctypes.CDLL(None)
        libc.malloc.restype = ctypes.c_void_p
        libc.free.argtypes = [ctypes.c_void_p]

        @pytest.mark.no_leaks
        def test_clean():
            libc.free(libc.malloc(64))

        @pytest.mark.no_leaks(metrics=["heap.bytes"], seconds=30)
        def test_leak():
            libc.malloc(64)
    """
    )
    result.assert_outcomes(passed=1, failed=1)
    assert re.search(r"heap\.bytes +80 B", result.stdout.str())


def test_parameters_classes_and_fixtures_of_all_scopes_work(run):
    result = run(
        "-rA",
        test_x="""
        import pytest

        begun = []

        @pytest.fixture(scope="session")
        def session():
            begun.append("session")
            yield 1
            print("session is over")

        @pytest.fixture(scope="module")
        def module(session):
            return session + 1

        @pytest.fixture(scope="class")
        def of_class(module):
            return module + 1

        @pytest.fixture(autouse=True)
        def always():
            begun.append("always")

        @pytest.mark.no_leaks(cycles=40)
        class TestIt:
            def test_fixtures(self, of_class, tmp_path, request):
                assert of_class == 3
                assert begun == ["session", "always"]
                assert request.node.name == "test_fixtures"
                assert tmp_path.is_dir()

            @pytest.mark.parametrize("word", ["a b", "it's::so[1]"])
            def test_parameters(self, word):
                assert word == "a b", "another"
    """,
    )
    result.assert_outcomes(passed=2, failed=1)
    text = result.stdout.str()
    assert "session is over" in text
    assert ">       assert word == " in text
    assert "AssertionError: another" in text


def test_the_command_quotes_a_name_that_a_shell_would_read(run, pytester):
    result = run(
        test_x="""
        import pytest

        kept = []

        @pytest.mark.no_leaks(cycles=2000)
        @pytest.mark.parametrize("word", ["a b", "c"])
        def test_it(word):
            kept.append([word])
    """
    )
    first, _ = dict.fromkeys(re.findall("^reproduce: pytest (.*)$", result.stdout.str(), re.MULTILINE))
    assert first == "'test_x.py::test_it[a b]'"


def test_skip_xfail_and_ordinary_failures_are_what_they_are_elsewhere(run):
    result = run(
        "-rA",
        test_x="""
        import unittest

        import pytest

        pytestmark = pytest.mark.no_leaks(cycles=2000)
        kept = []
        counted = iter(range(1000))

        @pytest.mark.skipif(True, reason="not here")
        def test_skipped():
            raise AssertionError

        def test_skips_itself():
            pytest.skip("not today")

        @pytest.mark.xfail(reason="known")
        def test_known_leak():
            kept.append([1])

        def test_fails():
            number = 2
            print("said before")
            assert number == 3

        def test_fails_later():
            assert next(counted) < 30

        @pytest.fixture
        def broken():
            raise ValueError("no such thing")

        def test_error(broken):
            pass

        class TestOld(unittest.TestCase):
            def setUp(self):
                self.kept = []

            def test_method(self):
                self.kept.append([1])
    """,
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
    result = run(
        test_x="""
        import os
        import time

        import pytest

        calls = []

        @pytest.mark.no_leaks
        def test_dies():
            os.abort()

        @pytest.mark.no_leaks
        def test_dies_later():
            calls.append(1)
            if len(calls) == 5:
                os._exit(7)

        @pytest.mark.no_leaks(seconds=1)
        def test_hangs():
            time.sleep(1000)

        @pytest.fixture
        def deadly():
            os._exit(3)

        @pytest.mark.no_leaks
        def test_of_deadly(deadly):
            pass

        def test_other():
            pass
    """
    )
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
        conftest="""
        import os

        def pytest_addoption(parser):
            parser.addoption("--word", default="none")

        def pytest_configure(config):
            config.pid = os.getpid()
    """,
        test_x="""
        import os

        import pytest

        kept = []

        @pytest.mark.parametrize("number", range(2))
        def test_here(number, pytestconfig):
            assert os.getpid() == pytestconfig.pid
            assert pytestconfig.pluginmanager.get_plugin("footprint-child") is None

        @pytest.mark.no_leaks(cycles=100)
        @pytest.mark.parametrize("number", range(2))
        def test_there(number, pytestconfig, worker_id, tmp_path):
            assert pytestconfig.pluginmanager.get_plugin("footprint-child") is not None
            assert pytestconfig.getoption("word") == "given"
            assert worker_id in ("gw0", "gw1")

        def test_fixture(no_leaks):
            no_leaks(lambda: None, cycles=100)

        @pytest.mark.no_leaks(cycles=2000)
        @pytest.mark.xdist_group("one")
        def test_leak():
            kept.append([1])
    """,
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
    result = run(
        test_x="""
        import pytest

        def test_closures(no_leaks):
            kept = []
            no_leaks(lambda: [1] * 3, cycles=100)
            with pytest.raises(AssertionError, match="leak: test_x.py::test_closures, test_closures.<locals>.grow"):
                def grow():
                    kept.append([1])
                no_leaks(grow, cycles=2000)
            no_leaks(dict, 100, metrics="heap.bytes, python.blocks")

        def test_leak(no_leaks):
            kept = []
            no_leaks(lambda: kept.append([1]), cycles=2000)

        def test_raises(no_leaks):
            def broken():
                raise ValueError("its own")
            with pytest.raises(ValueError, match="its own"):
                no_leaks(broken)

            def number(word):
                return int(word)
            no_leaks(lambda: number("x"))

        async def runs():
            pass

        def test_coroutine_functions_are_run(no_leaks):
            no_leaks(runs, cycles=100)
    """
    )
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
        test_x="""
        import pytest

        @pytest.mark.no_leaks(metrics="heap.bites")
        def test_metric(): pass

        @pytest.mark.no_leaks(cycles=5)
        def test_cycles(): pass

        @pytest.mark.no_leaks(cycle=50)
        def test_name(): pass

        @pytest.mark.no_leaks(50)
        def test_place(): pass

        @pytest.mark.no_leaks(seconds="long")
        def test_seconds(): pass

        def test_fixture(no_leaks):
            for arguments, why in (
                ((len,), "len wants arguments"),
                ((3,), "is a int, not a callable"),
                ((dict, 5), "cycles 5 are too few"),
                ((dict, 50, ["nothing"]), "'nothing' cannot decide a verdict; choose from heap.bytes"),
            ):
                with pytest.raises(AssertionError, match=why):
                    no_leaks(*arguments)

        @pytest.mark.no_leaks
        def test_nested(no_leaks):
            no_leaks(dict)

        def test_dynamic(request):
            request.getfixturevalue("no_leaks")
    """,
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
    result = run(
        test_x="""
        import logging
        import os
        import warnings

        import pytest

        pytestmark = pytest.mark.no_leaks(cycles=2000)

        def test_output():
            print("a line")
            os.write(1, b"another")
            logging.getLogger("x").error("a record")
            warnings.warn("old", DeprecationWarning)

        def test_asked_for(capsys, caplog, recwarn):
            print("a line")
            assert capsys.readouterr().out == "a line\\n"
            logging.error("a record")
            assert len(caplog.records) == 1
            caplog.clear()
            recwarn.clear()
            warnings.warn("old", UserWarning)
            with pytest.warns(DeprecationWarning):
                warnings.warn("old", DeprecationWarning)
    """
    )
    result.assert_outcomes(passed=2)
    capture_sys = run("--capture=sys", "-W", "error::UserWarning", "-k", "test_output")
    capture_sys.assert_outcomes(passed=1, deselected=1)


def test_fixtures_of_the_tests_around_are_torn_down_in_time(run, pytester):
    result = run(
        "-x",
        test_a="""
        import pytest

        @pytest.fixture(scope="module")
        def module():
            yield
            open("torn down", "w").close()

        def test_before(module):
            pass

        @pytest.mark.no_leaks(cycles=40)
        def test_measured():
            pass
    """,
        test_b="""
        import os
        import pytest

        def test_after():
            assert os.path.exists("torn down")

        @pytest.mark.no_leaks(cycles=40)
        def test_fails():
            assert False

        def test_not_reached():
            pass
    """,
    )
    result.assert_outcomes(passed=3, failed=1)
    assert "stopping after 1 failures" in result.stdout.str()
    again = run("--lf", test_b="def test_fails(): pass")
    again.assert_outcomes(passed=1)


def test_it_explains_itself_and_leaves_collecting_alone(run):
    assert "@pytest.mark.no_leaks(cycles=None, metrics=None, seconds=60): the test" in run("--markers").stdout.str()
    text = run("--fixtures").stdout.str()
    assert re.search(r"^no_leaks -- .*\n +Call it with a function: it fails if that leaks.", text, re.MULTILINE)
    collected = run("--collect-only", "--strict-markers", "-q", test_x=LEAKING)
    assert "test_x.py::test_it" in collected.stdout.str()
    assert run("--setup-only", test_x=LEAKING).ret == 0


def test_errors_of_warnings_do_not_reach_the_process_itself(run):
    result = run(
        "-W",
        "error",
        "-p",
        "no:cacheprovider",
        "--import-mode=importlib",
        test_x="""
        import warnings

        import pytest

        @pytest.mark.no_leaks(cycles=40)
        def test_clean():
            pass

        @pytest.mark.no_leaks(cycles=40)
        def test_warns():
            warnings.warn("old")
    """,
    )
    result.assert_outcomes(passed=1, failed=1)
    assert "UserWarning: old" in result.stdout.str()


def test_a_test_that_ends_the_run_ends_it(run):
    result = run(
        test_x="""
        import pytest

        @pytest.mark.no_leaks
        def test_exit():
            pytest.exit("enough", returncode=9)
    """
    )
    assert result.ret == 9
    assert "enough" in result.stdout.str()


def test_a_time_limit_of_pytest_timeout_holds(run):
    result = run(
        "-o",
        "timeout=3",
        test_x="""
        import time

        import pytest

        @pytest.mark.no_leaks
        def test_hangs():
            time.sleep(1000)
    """,
    )
    result.assert_outcomes(failed=1)
    assert "Timeout" in result.stdout.str()


def test_ctrl_c_leaves_no_process(pytester):
    pytester.makepyfile(
        test_x="""
        import os
        import time

        import pytest

        @pytest.mark.no_leaks
        def test_long():
            with open("pid", "w") as file:
                file.write(f"{os.getpid()} ")
            time.sleep(1000)
    """
    )
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

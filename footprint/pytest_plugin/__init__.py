"""The pytest plugin: the markers and fixtures `footprint` (gates) and `no_leaks`.

A test with `footprint` plays scenarios and judges them in pytest's own process. One with `no_leaks` runs in a pytest
process of its own, which is measured from here. No other test is touched. Every pytest run loads this module, so it
imports nothing but pytest.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING

import pytest

from footprint.pytest_plugin.names import GATE, MEASURED_TEST, NAME, SETTINGS

if TYPE_CHECKING:
    from footprint.pytest_plugin.gated_test import Player

HELP = (
    f"{NAME}(cycles=None, metrics=None, seconds=60): the test's body is run again and again in a process of its own;"
    " it fails if something leaks, and if that cannot be told."
)
GATE_HELP = (
    f"{GATE}(scenario, budgets=None, baseline=None, rules=None, mark=None, backend='model', qemu=None, **params): the"
    " scenario is played before the test, which fails if a budget is broken; a scenario that cannot be played or judged"
    " is an error."
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Make the settings known, as options and in the ini-file."""
    group = parser.getgroup("footprint")
    for setting in SETTINGS:
        group.addoption(setting.option, dest=setting.key, metavar=setting.takes, help=setting.what)
        parser.addini(setting.key, f"as {setting.option}: {setting.what}", default="")


def pytest_configure(config: pytest.Config) -> None:
    """Make the markers known."""
    config.addinivalue_line("markers", HELP)
    config.addinivalue_line("markers", GATE_HELP)


# Section: gates


@pytest.fixture
def footprint(request: pytest.FixtureRequest) -> Player:
    """footprint.run(scenario, budgets=None, baseline=None, rules=None, mark=None, **params) plays and judges it."""
    from footprint.pytest_plugin.gated_test import Player

    return Player(request.node)


@pytest.hookimpl(trylast=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Play what a marker asks for: what cannot be played is an error of the test, not a failure."""
    options = item.config.option
    if item.get_closest_marker(GATE) is not None and not options.setuponly and not options.setupplan:
        from footprint.pytest_plugin.gated_test import play_markers

        play_markers(item)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> None:
    """Fail the test where a marker's gate is broken."""
    if item.get_closest_marker(GATE) is not None:
        from footprint.pytest_plugin.gated_test import check_markers

        check_markers(item)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Put the verdicts of a test into its report, which also finds its way home from a worker of pytest-xdist."""
    report = yield
    if report.when == "call" and (item.get_closest_marker(GATE) or GATE in getattr(item, "fixturenames", ())):
        from footprint.pytest_plugin.gate_rows import attach

        attach(item, report)
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show the gates of all tests."""
    reports = [report for group in terminalreporter.stats.values() for report in group if hasattr(report, GATE)]
    if reports:
        from footprint.pytest_plugin.gate_rows import print_rows

        print_rows(terminalreporter, reports)


# Section: leaks


@pytest.fixture
def no_leaks(request: pytest.FixtureRequest) -> Callable[..., None]:
    """Call it with a function: it fails if that leaks. Further arguments: cycles=None, metrics=None, seconds=60."""
    test = request.config.pluginmanager.get_plugin(MEASURED_TEST)
    if test is None:
        pytest.fail(f"{NAME} must be an argument of the test or of one of its fixtures", pytrace=False)
    return test.no_leaks  # type: ignore[no-any-return]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    """Take over the tests that are to be measured, and only these."""
    if item.get_closest_marker(NAME) is None and NAME not in getattr(item, "fixturenames", ()):
        return None
    config = item.config
    if config.pluginmanager.has_plugin(MEASURED_TEST) or config.option.setuponly or config.option.setupplan:
        return None
    from footprint.pytest_plugin.runner import run

    run(item, nextitem)
    return True

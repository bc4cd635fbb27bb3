"""The pytest plugin: the marker ``@pytest.mark.no_leaks`` and the fixture `no_leaks`.

A test that has one of them runs in a pytest process of its own, which is measured from here; no other test is
touched. Every pytest run loads this module, so it imports nothing but pytest.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from footprint.pytest_plugin.names import MEASURED_TEST, NAME

HELP = (
    f"{NAME}(cycles=None, metrics=None, seconds=60): the test's body is run again and again in a process of its own;"
    " it fails if something leaks, and if that cannot be told."
)


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", HELP)


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

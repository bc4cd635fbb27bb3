"""The target LEAK_TARGET under pytest-memray as its documentation has it: a loop of 100 and some slack, --memray."""

import os

import leak_targets
import pytest

TARGET = getattr(leak_targets, os.environ["LEAK_TARGET"])
WARM_UP, CYCLES = 10, 100


@pytest.fixture
def warm() -> None:
    """The first calls, outside what memray records: as many as psleak makes."""
    for _ in range(WARM_UP):
        TARGET()


@pytest.mark.limit_leaks("1 KB")
@pytest.mark.usefixtures("warm")
def test_target() -> None:
    """Fails for a leak."""
    for _ in range(CYCLES):
        TARGET()

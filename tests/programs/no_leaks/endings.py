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

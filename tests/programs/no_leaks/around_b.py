import os

import pytest


def test_after():
    assert os.path.exists("torn down")


@pytest.mark.no_leaks(cycles=40)
def test_fails():
    assert False


def test_not_reached():
    pass

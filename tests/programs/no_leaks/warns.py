import warnings

import pytest


@pytest.mark.no_leaks(cycles=40)
def test_clean():
    pass


@pytest.mark.no_leaks(cycles=40)
def test_warns():
    warnings.warn("old")

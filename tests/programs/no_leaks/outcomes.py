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

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

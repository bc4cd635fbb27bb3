import pytest

kept = []


@pytest.mark.no_leaks(cycles=2000)
def test_it():
    kept.append(bytearray(100))

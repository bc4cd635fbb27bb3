import pytest

kept = []


@pytest.mark.no_leaks(cycles=2000)
@pytest.mark.parametrize("word", ["a b", "c"])
def test_it(word):
    kept.append([word])

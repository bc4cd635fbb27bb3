import pytest


def test_closures(no_leaks):
    kept = []
    no_leaks(lambda: [1] * 3, cycles=100)
    with pytest.raises(AssertionError, match="leak: test_x.py::test_closures, test_closures.<locals>.grow"):

        def grow():
            kept.append([1])

        no_leaks(grow, cycles=2000)
    no_leaks(dict, 100, metrics="heap.bytes, python.blocks")


def test_leak(no_leaks):
    kept = []
    no_leaks(lambda: kept.append([1]), cycles=2000)


def test_raises(no_leaks):
    def broken():
        raise ValueError("its own")

    with pytest.raises(ValueError, match="its own"):
        no_leaks(broken)

    def number(word):
        return int(word)

    no_leaks(lambda: number("x"))


async def runs():
    pass


def test_coroutine_functions_are_run(no_leaks):
    no_leaks(runs, cycles=100)

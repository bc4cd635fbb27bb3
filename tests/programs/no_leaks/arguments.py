import pytest


@pytest.mark.no_leaks(metrics="heap.bites")
def test_metric():
    pass


@pytest.mark.no_leaks(cycles=5)
def test_cycles():
    pass


@pytest.mark.no_leaks(cycle=50)
def test_name():
    pass


@pytest.mark.no_leaks(50)
def test_place():
    pass


@pytest.mark.no_leaks(seconds="long")
def test_seconds():
    pass


def test_fixture(no_leaks):
    for arguments, why in (
        ((len,), "len wants arguments"),
        ((3,), "is a int, not a callable"),
        ((dict, 5), "cycles 5 are too few"),
        ((dict, 50, ["nothing"]), "'nothing' cannot decide a verdict; choose from heap.bytes"),
    ):
        with pytest.raises(AssertionError, match=why):
            no_leaks(*arguments)


@pytest.mark.no_leaks
def test_nested(no_leaks):
    no_leaks(dict)


def test_dynamic(request):
    request.getfixturevalue("no_leaks")

import pytest


@pytest.mark.no_leaks
def test_exit():
    pytest.exit("enough", returncode=9)

import os

import pytest

kept = []


@pytest.mark.parametrize("number", range(2))
def test_here(number, pytestconfig):
    assert os.getpid() == pytestconfig.pid
    assert pytestconfig.pluginmanager.get_plugin("footprint-child") is None


@pytest.mark.no_leaks(cycles=100)
@pytest.mark.parametrize("number", range(2))
def test_there(number, pytestconfig, worker_id, tmp_path):
    assert pytestconfig.pluginmanager.get_plugin("footprint-child") is not None
    assert pytestconfig.getoption("word") == "given"
    assert worker_id in ("gw0", "gw1")


def test_fixture(no_leaks):
    no_leaks(lambda: None, cycles=100)


@pytest.mark.no_leaks(cycles=2000)
@pytest.mark.xdist_group("one")
def test_leak():
    kept.append([1])

import time

import pytest


@pytest.mark.no_leaks
def test_hangs():
    time.sleep(1000)

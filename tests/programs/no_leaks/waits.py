import os
import time

import pytest


@pytest.mark.no_leaks
def test_long():
    with open("pid", "w") as file:
        file.write(f"{os.getpid()} ")
    time.sleep(1000)

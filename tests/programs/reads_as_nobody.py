"""Reads a history as a user who may write nowhere, and prints its values or why not: reads_as_nobody.py HISTORY."""

import os
import sys
from pathlib import Path

from footprint.errors import RequestError
from footprint.history.series import Selection, read

NOBODY = 65534

if __name__ == "__main__":
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)
    try:
        series = read(Path(sys.argv[1]), Selection("flatviews.alive"))
        print([point.value for points in series.values() for point in points])
    except RequestError as error:
        print(error)

import logging
import os
import warnings

import pytest

pytestmark = pytest.mark.no_leaks(cycles=4000)


def test_output():
    print("a line")
    os.write(1, b"another")
    logging.getLogger("x").error("a record")
    warnings.warn("old", DeprecationWarning)


def test_asked_for(capsys, caplog, recwarn):
    print("a line")
    assert capsys.readouterr().out == "a line\n"
    logging.error("a record")
    assert len(caplog.records) == 1
    caplog.clear()
    recwarn.clear()
    warnings.warn("old", UserWarning)
    with pytest.warns(DeprecationWarning):
        warnings.warn("old", DeprecationWarning)

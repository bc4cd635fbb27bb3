"""Starting a measured process in any Python from 3.8 on, in which nothing of footprint is installed.

What runs there are a few files of ours that need nothing but Python. Only these can be imported: no folder of ours
comes onto the target's path, so what else is installed here is not seen by it.
"""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]
_START = """
import importlib.util, runpy, sys
spec = importlib.util.spec_from_file_location("footprint", {init!r}, submodule_search_locations=[{package!r}])
sys.modules["footprint"] = package = importlib.util.module_from_spec(spec)
spec.loader.exec_module(package)
runpy.run_module("footprint.leaks.measured_process", run_name="__main__", alter_sys=True)
"""


def start_command(python: str) -> list[str]:
    """`python` with what makes it a measured process; its arguments follow."""
    return [python, "-c", _START.format(init=str(PACKAGE / "__init__.py"), package=str(PACKAGE)).strip()]

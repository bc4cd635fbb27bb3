"""Where the modules of a package came from, in the process that imported them; needs nothing but Python 3.8."""

from __future__ import annotations

import os
import sys
from importlib import metadata
from typing import Dict, List  # noqa: UP035 (Python 3.8)

SUFFIXES = (".py", ".so", ".pyd")


def origins(packages: List[str]) -> Dict[str, str]:  # noqa: UP006
    """For each package: the file of a module of it that is not this environment's, ``""`` where all are, or ``-``.

    ``-``: nothing of it was imported.
    """
    return {package: _origin(package) for package in packages}


def _origin(package: str) -> str:
    prefix = os.path.realpath(sys.prefix) + os.sep
    inside = [path for path in sys.path if os.path.realpath(path).startswith(prefix)]
    names = set()
    for distribution in metadata.distributions(name=package, path=inside):
        for file in distribution.files or ():
            if file.suffix in SUFFIXES and file.parts[0] != "..":
                parts = [*file.parts[:-1], file.name.partition(".")[0]]
                names.add(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    files = [getattr(sys.modules[name], "__file__", None) for name in names if name in sys.modules]
    if not files:
        return "-"
    return next((file for file in files if file and not os.path.realpath(file).startswith(prefix)), "")

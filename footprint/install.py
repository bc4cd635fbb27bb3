"""How footprint is installed: the name of its distribution, and the command that adds one of its extras.

The package is called footprint, as its command; the distribution is not, because that name is somebody else's on the
public index.
"""

from __future__ import annotations

import json
import shlex
from importlib import metadata
from pathlib import Path
from urllib.parse import unquote, urlparse

DISTRIBUTION = "qemu-footprint"


def install_command(extra: str = "", *, python: str = "") -> str:
    """``pip install 'qemu-footprint[memray]'``, or what does the same where footprint came from a checkout.

    `python` is the interpreter to install it for; without it, that of the shell's pip.
    """
    checkout = _checkout()
    source = DISTRIBUTION if checkout is None else "." if checkout == Path.cwd() else str(checkout)
    wanted = shlex.quote(f"{source}[{extra}]" if extra else source)
    pip = f"{shlex.quote(python)} -m pip" if python else "pip"
    return f"{pip} install {'' if checkout is None else '-e '}{wanted}"


def _checkout() -> Path | None:
    """The folder with the sources that this package stands in, or was installed from; None if it is from an index."""
    beside = Path(__file__).resolve().parents[1]
    if (beside / "pyproject.toml").is_file():
        return beside
    try:
        record = metadata.distribution(DISTRIBUTION).read_text("direct_url.json")
    except metadata.PackageNotFoundError:
        return None
    url = urlparse(json.loads(record)["url"]) if record else None
    folder = Path(unquote(url.path)) if url is not None and url.scheme == "file" else None
    return folder if folder is not None and (folder / "pyproject.toml").is_file() else None

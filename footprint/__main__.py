"""``python -m footprint``, and the console script: the command line, from its first import on."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line, and exit. A Ctrl-C during its imports ends it in the same way as a later one."""
    try:
        from footprint.cli.main import main as run

        run()
    except KeyboardInterrupt:
        # What would say it for us may not have been imported.
        sys.stderr.write("footprint: interrupted\n")
        sys.exit(130)


if __name__ == "__main__":
    main()

"""``python -m footprint``: the command line."""

from footprint.cli.main import main

if __name__ == "__main__":
    main()

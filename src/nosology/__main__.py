"""``python -m nosology``: the command line without its script on the path."""

from nosology.cli import main

if __name__ == "__main__":
    main()

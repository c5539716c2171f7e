"""``python -m tributary`` is the console script."""

from tributary.cli import main

main()

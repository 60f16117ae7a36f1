"""`python -m pinesync` is the command."""

import sys

from pinesync.cli import main

if __name__ == "__main__":
    sys.exit(main())

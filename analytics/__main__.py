"""Rankings, and how sure they are, from the command line: python -m analytics rank --recipe healthcare --year 2023."""

import sys

from analytics.cli.commands import main

if __name__ == "__main__":
    sys.exit(main())

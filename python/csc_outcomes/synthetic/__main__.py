"""`python -m csc_outcomes.synthetic`."""

import sys

from csc_outcomes.synthetic.command import main

if __name__ == "__main__":
    sys.exit(main())

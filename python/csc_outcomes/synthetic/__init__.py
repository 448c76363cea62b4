"""Synthetic extracts: no row describes a real child.

The exact mode (`exact.py`) makes a small fixed-seed case list from which a study's published
figures come back when the warehouse applies its rules as recommended; `verify.py` checks that from
the file alone. The stochastic mode (`stochastic.py`) makes extracts of any size whose true effects
are known.

    python -m csc_outcomes.synthetic --mode exact --out extracts/synthetic_coventry/2019-11
"""

from csc_outcomes.synthetic.command import main

__all__ = ["main"]

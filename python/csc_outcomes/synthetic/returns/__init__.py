"""Made-up children, and the same children in every format that an authority returns them in.

    csc synthetic --mode returns --format ssd --children 5000 --out extracts/synthetic_ssd

`histories.py` makes the children, `tables.py` says what the standard layer must hold of them, and
`carried.py` what of that each format can tell.
"""

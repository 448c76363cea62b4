"""A made-up extract of a family-randomised trial: its case list and its study files.

`deliver.py` makes them with a fixed seed so that a trial's printed figures come back, `verify.py`
checks that from the files alone. No row describes a real child, family or member of staff.
"""

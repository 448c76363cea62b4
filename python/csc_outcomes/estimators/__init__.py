"""Effect estimates, survival, balance and sensitivity as pure functions on arrays and frames.

statsmodels and lifelines take seconds to import, so they are imported inside the functions that use
them and nothing is imported here.
"""

"""The door: extracts in, pseudonymised Parquet and a load log out."""

from csc_outcomes.landing.door import land
from csc_outcomes.landing.errors import KeyMissing, LandingError, Refused, RetentionOver
from csc_outcomes.landing.report import FileOutcome, LandingReport

__all__ = [
    "FileOutcome",
    "KeyMissing",
    "LandingError",
    "LandingReport",
    "Refused",
    "RetentionOver",
    "land",
]

"""What the door can say.

Messages hold file names, headers, row numbers and counts, never a child's value.
"""


class LandingError(Exception):
    """Landing can't go on at all: the message says what, where and what to do next."""


class KeyMissing(LandingError):
    """There is no usable key to make pseudonyms with, so nothing may be landed."""


class RetentionOver(LandingError):
    """Data of a study that is over are still here although they had to be destroyed."""


class Refused(LandingError):
    """One file or one delivery is refused; all others land.

    `code` is the reason_code of the load log, `reason` its sentence.
    """

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason

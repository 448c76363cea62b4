"""What stops a plan from being written or locked."""


class PlanError(Exception):
    """The message says what is wrong, where, and what to do."""

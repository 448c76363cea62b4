"""What stops an allocation."""


class AllocationError(Exception):
    """Nothing can be allocated: the message says what, where and what to do next, and holds record
    numbers and counts, never a child's value."""

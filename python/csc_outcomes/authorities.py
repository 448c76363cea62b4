"""Which authorities a study is of: the one place that reads `studies.la_code` outside SQL, where
`int_study_authorities` does."""

from __future__ import annotations

from collections.abc import Iterable

EVERY = "*"
SEPARATOR = "|"
# More than these are told by their number, not by their names.
MOST_NAMED = 5


def authorities_of(la_code: str, delivered: Iterable[str]) -> tuple[str, ...]:
    """The codes that `studies.la_code` names, each once and sorted.

    `la_code` is one code, several joined by |, or * for all of `delivered`. A code that is named is
    given back whether or not it is among `delivered`.
    """
    if la_code.strip() == EVERY:
        return tuple(sorted(set(delivered)))
    codes = {code.strip() for code in la_code.split(SEPARATOR)}
    return tuple(sorted(codes - {""}))


def named(authorities: Iterable[str], noun: str = "authorities") -> str:
    """The authorities as words: each of a few, the number of many."""
    names = list(authorities)
    return ", ".join(names) if len(names) <= MOST_NAMED else f"{len(names)} {noun}"

"""Ids as sources write them -> one spelling -> a keyed pseudonym."""

import hashlib
import re
from collections.abc import Callable
from functools import cache

MAX_ID_CHARS = 40
ID_SHAPE = re.compile(rf"[A-Z0-9][A-Z0-9_./-]{{0,{MAX_ID_CHARS - 1}}}", re.IGNORECASE | re.ASCII)
SCIENTIFIC = re.compile(r"([0-9]+)(?:\.([0-9]*))?E\+([0-9]{1,2})", re.IGNORECASE)
# Ids that are their own one spelling, as most are: capitals first, or a number without zeros first.
OWN_SPELLING = re.compile(
    rf"[A-Z][A-Z0-9_./-]{{0,{MAX_ID_CHARS - 1}}}|[1-9][0-9]{{0,{MAX_ID_CHARS - 1}}}"
)
WHOLE_NUMBER = re.compile(r"([0-9]+)(?:\.0+)?")
# What source systems and Excel write where there is no id; as an id it would join strangers.
NO_ID = {"", "-1", "#MULTIVALUE", "#N/A", "N/A", "NA", "NAN", "NONE", "NULL", "PLACEHOLDER_DATA"}
PSEUDONYM_CHARS = 32
HASH_BLOCK_BYTES = 64  # of SHA-256

ID_MISSING = "id_missing"
ID_DIGITS_LOST = "id_digits_lost"
ID_NOT_AN_IDENTIFIER = "id_not_an_identifier"


def normalise_id(raw: str) -> tuple[str | None, str | None]:
    """(id, flag) of an id as found: one spelling for what is one id, or a reason code.

    Spaces around it, letter case, leading zeros and a `.0` don't count; `1.0E+05` is 100000 as long
    as no digit can have been lost. The id is None where there is none; a flagged one is the text as
    found.
    """
    if OWN_SPELLING.fullmatch(raw) and raw not in NO_ID:
        return raw, None
    text = raw.strip()
    if text.upper() in NO_ID:
        return None, None
    digits = None
    if not text[0].isdigit():  # neither of the two; most ids begin with a letter
        pass
    elif match := SCIENTIFIC.fullmatch(text):
        digits = _expand(match[1], match[2] or "", int(match[3]))
        if digits is None:
            return text, ID_DIGITS_LOST
    elif match := WHOLE_NUMBER.fullmatch(text):
        digits = match[1]
    identifier = text.upper() if digits is None else digits.lstrip("0") or "0"
    if len(identifier) > MAX_ID_CHARS or not ID_SHAPE.fullmatch(text if digits is None else digits):
        return text, ID_NOT_AN_IDENTIFIER
    return identifier, None


def _expand(whole: str, decimals: str, exponent: int) -> str | None:
    """The digits of whole.decimals x 10^exponent; None where Excel may have dropped some."""
    has_digits_dropped = decimals.strip("0") and exponent > len(decimals)
    if has_digits_dropped or decimals[exponent:].strip("0"):
        return None
    return whole + decimals[:exponent].ljust(exponent, "0")


def pseudonym(key: bytes, la_code: str, kind: str, identifier: str) -> str:
    """HMAC-SHA256 over kind|la_code|id, its first 32 hexadecimal digits.

    `kind` is child, case, family, respondent or coder: the same id means different things in
    different columns.
    """
    return pseudonym_maker(key, la_code, kind)(identifier)


@cache
def pseudonym_maker(key: bytes, la_code: str, kind: str) -> Callable[[str], str]:
    """id -> its `pseudonym`, three times as fast as the standard library's HMAC.

    HMAC (RFC 2104) is a hash within a hash, each begun with a block made of the key alone: both
    beginnings are hashed once, and kind and authority with them, to be copied for every id.
    """
    block = hashlib.sha256(key).digest() if len(key) > HASH_BLOCK_BYTES else key
    block = block.ljust(HASH_BLOCK_BYTES, b"\0")
    begun_inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in block))
    begun_inner.update(f"{kind}|{la_code}|".encode())
    begun_outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in block))
    copy_inner, copy_outer = begun_inner.copy, begun_outer.copy

    def made(identifier: str) -> str:
        inner, outer = copy_inner(), copy_outer()
        inner.update(identifier.encode())
        outer.update(inner.digest())
        return outer.hexdigest()[:PSEUDONYM_CHARS]

    return made

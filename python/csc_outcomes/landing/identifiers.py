"""Ids as sources write them -> one spelling -> a keyed pseudonym."""

import hmac
import re
from functools import cache

MAX_ID_CHARS = 40
ID_SHAPE = re.compile(rf"[A-Z0-9][A-Z0-9_./-]{{0,{MAX_ID_CHARS - 1}}}", re.IGNORECASE | re.ASCII)
SCIENTIFIC = re.compile(r"([0-9]+)(?:\.([0-9]*))?E\+([0-9]{1,2})", re.IGNORECASE)
WHOLE_NUMBER = re.compile(r"([0-9]+)(?:\.0+)?")
# What source systems and Excel write where there is no id; as an id it would join strangers.
NO_ID = {"", "-1", "#MULTIVALUE", "#N/A", "N/A", "NA", "NAN", "NONE", "NULL", "PLACEHOLDER_DATA"}
PSEUDONYM_CHARS = 32

ID_MISSING = "id_missing"
ID_DIGITS_LOST = "id_digits_lost"
ID_NOT_AN_IDENTIFIER = "id_not_an_identifier"


def normalise_id(raw: str) -> tuple[str | None, str | None]:
    """(id, flag) of an id as found: one spelling for what is one id, or a reason code.

    Spaces around it, letter case, leading zeros and a `.0` don't count; `1.0E+05` is 100000 as long
    as no digit can have been lost. The id is None where there is none; a flagged one is the text as
    found.
    """
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
    keyed = _keyed(key).copy()
    keyed.update(f"{kind}|{la_code}|{identifier}".encode())
    return keyed.hexdigest()[:PSEUDONYM_CHARS]


@cache
def _keyed(key: bytes) -> hmac.HMAC:
    """To be copied: setting one up takes longer than a pseudonym."""
    return hmac.new(key, digestmod="sha256")

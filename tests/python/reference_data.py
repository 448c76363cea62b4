"""Public samples of return formats, which lie outside the repository."""

import os
from pathlib import Path

import pytest

VARIABLE = "CSC_REFERENCE_DATA"


def reference_file(*parts: str) -> Path:
    """The path of a public sample; the test is skipped where there are none."""
    folder = os.environ.get(VARIABLE)
    if not folder:
        pytest.skip(f"set {VARIABLE} to the folder of public samples to run this")
    return Path(folder).joinpath(*parts)

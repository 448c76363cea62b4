"""One good build for all that disturbs builds."""

from __future__ import annotations

import pytest

from builds import Clean


@pytest.fixture(scope="session")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Clean:
    """Builds from nothing, to copy and to compare with."""
    return Clean(tmp_path_factory.mktemp("clean"))

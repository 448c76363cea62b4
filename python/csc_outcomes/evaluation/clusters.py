"""Whose cases stand together: a child's, or a family's where families were allocated to arms."""

from __future__ import annotations

import pandas as pd

CHILD, FAMILY = "child", "family"


def cluster_unit(parameters: pd.DataFrame, study_id: str) -> str:
    """'family' for a study that takes its arms from an allocation, else 'child'.

    `parameters` is def_study_parameters. Errors belong to what was allocated (Donner and Klar 2000,
    Design and Analysis of Cluster Randomization Trials). Raises KeyError for a study that it does
    not hold.
    """
    source = parameter_value(parameters, study_id, "arm_source")
    return FAMILY if source == "allocation" else CHILD


def parameter_value(parameters: pd.DataFrame, study_id: str, name: str) -> str:
    """The value of one parameter, as text; raises KeyError where the study has none."""
    own = parameters[parameters["study_id"] == study_id].set_index("parameter_id")["value"]
    return str(own[name])


def with_families(frame: pd.DataFrame) -> pd.DataFrame:
    """`frame` with a family_id for every case: a child without a family is one of its own."""
    family = frame["family_id"].astype(object)
    return frame.assign(family_id=family.where(family.notna(), frame["child_id"]))

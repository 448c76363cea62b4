"""Covariate balance against R's cobalt and weighted regressions."""

import numpy as np
import pandas as pd
import pytest

from csc_outcomes.estimators.balance import covariate_balance
from estimator_fixtures import MATCHING_COVARIATES, answers, eligible_cases


@pytest.mark.parametrize(("when", "suffix"), [("before", "Un"), ("after", "Adj")])
def test_balance_equals_r(when: str, suffix: str) -> None:
    cases = eligible_cases("fact22_a")
    if when == "before":
        cases = cases.assign(weight=1.0)
    rows = covariate_balance(cases, MATCHING_COVARIATES).set_index("covariate")
    cobalt = {row["variable"]: row for row in answers("fact22_a")["balance"]["cobalt"]}
    for name in MATCHING_COVARIATES:
        own, theirs = rows.loc[name], cobalt[name]
        assert own["mean_treated"] == pytest.approx(theirs[f"M.1.{suffix}"], abs=1e-9)
        assert own["mean_comparator"] == pytest.approx(theirs[f"M.0.{suffix}"], abs=1e-9)
        assert own["smd"] == pytest.approx(theirs[f"Diff.{suffix}"], abs=1e-9)
        if theirs["Type"] == "Binary":
            assert np.isnan(own["variance_ratio"])
        else:
            ratio = theirs[f"V.Ratio.{suffix}"]
            assert own["variance_ratio"] == pytest.approx(ratio, abs=1e-9)
        p_value = answers("fact22_a")["balance"][when][name]["p_wls_HC1"]
        assert own["p_value"] == pytest.approx(p_value, abs=1e-9)
    ess = 297.519564196502 if when == "after" else 2654
    assert rows["ess_comparator"].tolist() == pytest.approx([ess] * len(rows))


def test_thin_arms_give_missing_figures() -> None:
    frame = pd.DataFrame(
        {
            "treated": [1, 0, 0],
            "weight": [1.0, 0.5, 0.5],
            "same": [2, 2, 2],
            "gap": [1.5, None, None],
        }
    )
    rows = covariate_balance(frame, ["same", "gap"]).set_index("covariate")
    assert rows.loc["same", "mean_comparator"] == 2
    assert rows.loc[:, ["smd", "variance_ratio", "p_value"]].isna().all(axis=None)
    assert np.isnan(rows.loc["gap", "mean_comparator"])
    assert rows.loc["gap", "ess_comparator"] == 0

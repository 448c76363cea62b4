"""Drawing clusters again: reproducible, near the sandwich, honest about draws that fail."""

import numpy as np
import pandas as pd
import pytest

from csc_outcomes.estimators.analyses import Analysis, fit
from csc_outcomes.estimators.bootstrap import draw_counts
from estimator_fixtures import MATCHING_COVARIATES, outcome_frame
from test_estimators_linear import trial_frame
from test_estimators_thin_data import small_frame

FEW = {"n_draws": 40}


@pytest.mark.parametrize("estimator", ["wls", "logit_ame", "censored_normal", "rmst"])
def test_near_the_sandwich(estimator: str) -> None:
    is_length = estimator in ("censored_normal", "rmst")
    frame = outcome_frame("fact22_a", "length_days" if is_length else "escalated")
    options = {"horizon_days": 500.0} if estimator == "rmst" else {}
    drawn = fit(frame, Analysis(estimator, se_type="bootstrap_child", n_draws=200, **options))
    plain = fit(frame, Analysis(estimator, **options))
    assert [row.term for row in drawn] == [row.term for row in plain]
    for ours, theirs in zip(drawn, plain, strict=True):
        assert ours.estimate == theirs.estimate
        assert ours.std_error == pytest.approx(theirs.std_error, rel=0.2)
        assert ours.df is None
        assert ours.se_type == "bootstrap_child"
        assert ours.n_clusters == theirs.n_clusters
    assert "bootstrap: 200 of 200 draws" in drawn[0].status_reason


def test_draws_weigh_afresh() -> None:
    """Taking estimated weights as known overstates the error here; the draws see through it."""
    frame = outcome_frame("fact22_a", "closed_no_esc").assign(weight=1.0)
    (known, *_) = fit(frame, Analysis("ebal", MATCHING_COVARIATES))
    drawn = Analysis("ebal", MATCHING_COVARIATES, "bootstrap_child", n_draws=150)
    (afresh, *_) = fit(frame, drawn)
    assert afresh.std_error < 0.95 * known.std_error


def test_families_are_drawn_whole() -> None:
    errors = {
        se_type: fit(trial_frame("absence_days"), Analysis("wls", se_type=se_type, n_draws=300))[0]
        for se_type in ("bootstrap_child", "bootstrap_family", "cluster_child", "cluster_family")
    }
    for unit in ("child", "family"):
        sandwich = errors[f"cluster_{unit}"].std_error
        assert errors[f"bootstrap_{unit}"].std_error == pytest.approx(sandwich, rel=0.15)
    frame = trial_frame().assign(copy=0)
    counts = next(draw_counts(frame, "family_id", 1, 3))
    assert (pd.Series(counts).groupby(frame["family_id"]).nunique() == 1).all()
    per_family = pd.Series(counts).groupby(frame["family_id"]).first()
    assert per_family.sum() == frame["family_id"].nunique()
    assert per_family.max() > 1


def test_seed_and_order_decide_not_the_ids() -> None:
    frame = outcome_frame("fact22_a", "escalated")
    analysis = Analysis("wls", se_type="bootstrap_child", **FEW)
    first = fit(frame, analysis)[0].std_error
    assert fit(frame, analysis)[0].std_error == first
    names = frame["child_id"].unique()
    renamed = dict(zip(names, np.random.default_rng(2).permutation(len(names)), strict=True))
    rekeyed = frame.assign(child_id=frame["child_id"].map(renamed).astype(str))
    assert fit(rekeyed, analysis)[0].std_error == pytest.approx(first, rel=1e-9)
    other = Analysis("wls", se_type="bootstrap_child", seed=2, **FEW)
    assert fit(frame, other)[0].std_error != pytest.approx(first, rel=1e-6)


def test_a_case_without_an_id_is_its_own_cluster() -> None:
    frame = pd.DataFrame({"case_id": list("abcd"), "family_id": ["f", None, "f", None]})
    counts = np.array(list(draw_counts(frame, "family_id", 200, 1)))
    assert (counts[:, 0] == counts[:, 2]).all()
    assert (counts[:, 1] != counts[:, 3]).any()
    assert (counts[:, 0] + counts[:, 1] + counts[:, 3] == 3).all()


def test_draws_that_fail_are_counted_and_too_many_are_a_reason() -> None:
    frame = small_frame([1, 1, 0, 0, 0, 0], [0, 1, 1, 0, 1, 0])
    (row,) = fit(frame, Analysis("logit", se_type="bootstrap_child", **FEW))
    assert row.status == "not_estimable"
    assert row.status_reason.startswith("bootstrap_failed: only ")
    assert row.se_type == "bootstrap_child"
    assert (row.n_treated, row.n_comparator, row.n_clusters) == (2, 4, 6)


def test_thin_data_keep_their_reason() -> None:
    (row,) = fit(small_frame([1, 0, 0], [0, 1, 1]), Analysis("wls", se_type="bootstrap_child"))
    assert row.status_reason == "too_few_clusters: only one treated child"
    assert row.se_type == "bootstrap_child"


def test_notes_and_exact_means_stay() -> None:
    frame = outcome_frame("fact22_a", "rereferred_12m")
    rows = {row.term: row for row in fit(frame, Analysis("wls", se_type="bootstrap_child", **FEW))}
    assert rows["treated"].status_reason.startswith("one_sided: all treated cases")
    assert rows["treated_mean"].estimate == 0
    assert rows["treated_mean"].std_error is None
    assert rows["comparator_mean"].p_value is None


def test_it_needs_case_ids() -> None:
    frame = outcome_frame("fact22_a", "escalated").drop(columns="case_id")
    with pytest.raises(ValueError, match=r"lacks the columns \['case_id'\]"):
        fit(frame, Analysis("wls", se_type="bootstrap_child"))

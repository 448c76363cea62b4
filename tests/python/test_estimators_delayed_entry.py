"""Delayed entry: a case cut in two spells, the second with an entry, says what it said whole."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from csc_outcomes.estimators.competing_risks import cumulative_incidence, incidence_difference
from csc_outcomes.estimators.proportional_hazards import (
    TRANSFORMS,
    proportional_hazards_test,
)
from csc_outcomes.estimators.result import FloatArray, IntArray
from csc_outcomes.estimators.survival import fit_cox
from csc_outcomes.estimators.survival_contrasts import log_rank_test

Arrays = dict[str, Any]


def cases(n: int = 80, seed: int = 5) -> Arrays:
    generator = np.random.default_rng(seed)
    return {
        "days": generator.integers(2, 25, n).astype(float),
        "cause": generator.integers(0, 3, n),
        "treated": generator.integers(0, 2, n).astype(float),
        "weights": generator.uniform(0.2, 2.0, n),
        "groups": np.arange(n) // 2,
        "entry": np.zeros(n),
    }


def cut(whole: Arrays, seed: int = 6) -> Arrays:
    """Every second case twice: censored at a day before its end, and from that day on."""
    generator = np.random.default_rng(seed)
    rows = np.arange(0, len(whole["days"]), 2)
    at = np.floor(generator.uniform(1, whole["days"][rows]))
    first = {name: values.copy() for name, values in whole.items()}
    second = {name: values[rows] for name, values in whole.items()}
    first["days"][rows], first["cause"][rows] = at, 0
    second["entry"] = at
    return {name: np.concatenate([first[name], second[name]]) for name in whole}


def has_event(data: Arrays) -> IntArray:
    return (data["cause"] == 1).astype(np.int64)


def incidence(data: Arrays) -> FloatArray:
    curve = cumulative_incidence(
        data["days"], data["cause"], 1, data["weights"], data["groups"], entry_days=data["entry"]
    )
    known = curve[curve["time_days"].isin(np.append(0, cases()["days"]))]
    return np.asarray(known[["incidence", "std_error"]].to_numpy(float))


def difference(data: Arrays) -> FloatArray:
    fitted = incidence_difference(
        data["days"], data["cause"], 2, data["treated"], data["weights"], 11, data["groups"],
        data["entry"],
    )  # fmt: skip
    return np.append(fitted.coef, fitted.covariance)


def log_rank(data: Arrays) -> FloatArray:
    test = log_rank_test(
        data["days"], has_event(data), data["treated"], data["weights"], data["groups"],
        data["entry"],
    )  # fmt: skip
    return np.array([test.statistic])


def plain_log_rank(data: Arrays) -> FloatArray:
    test = log_rank_test(data["days"], has_event(data), data["treated"], entry_days=data["entry"])
    return np.array([test.statistic])


def proportional_hazards(data: Arrays) -> FloatArray:
    treated = data["treated"][:, None]
    entry = data["entry"]
    fitted = fit_cox(
        data["days"], has_event(data), treated, ("treated",), data["weights"], None, entry
    )
    # The rank of time depends on how many ends there are, and spells add ends.
    return np.array([
        proportional_hazards_test(
            data["days"], has_event(data), treated, data["weights"], fitted.coef, transform, entry
        ).statistic
        for transform in TRANSFORMS
        if transform != "rank"
    ])  # fmt: skip


@pytest.mark.parametrize(
    "answer", [incidence, difference, log_rank, plain_log_rank, proportional_hazards]
)
def test_cutting_cases_in_two_changes_nothing(answer: Callable[[Arrays], FloatArray]) -> None:
    assert answer(cut(cases())) == pytest.approx(answer(cases()), rel=1e-7, abs=1e-10)


def test_a_case_is_not_at_risk_before_its_entry() -> None:
    days, cause = np.array([1.0, 2.0, 3.0, 4.0]), np.array([1, 1, 2, 1])
    curve = cumulative_incidence(days, cause, 1, entry_days=np.array([0.0, 1.0, 0.0, 2.0]))
    assert curve["n_at_risk"].tolist() == [2, 2, 2, 2, 1]
    assert curve["incidence"].tolist() == pytest.approx([0, 1 / 2, 3 / 4, 3 / 4, 7 / 8])


def test_nobody_between_two_spells() -> None:
    days, cause = np.array([1.0, 2.0, 8.0, 9.0]), np.array([1, 0, 1, 0])
    curve = cumulative_incidence(days, cause, 1, entry_days=np.array([0.0, 0.0, 5.0, 5.0]))
    assert curve["incidence"].tolist() == pytest.approx([0, 1 / 2, 1 / 2, 3 / 4, 3 / 4])
    assert np.isfinite(curve["std_error"]).all()
    treated = np.array([0.0, 1.0, 0.0, 1.0])
    test = log_rank_test(days, cause, treated, entry_days=np.array([0.0, 0.0, 5.0, 5.0]))
    assert test.statistic == pytest.approx(1 / (1 / 4 + 1 / 4))


def test_mistakes_are_errors() -> None:
    days, cause, entry = np.array([3.0, 5.0]), np.array([1, 1]), np.array([3.0, 0.0])
    with pytest.raises(ValueError, match="never at risk"):
        cumulative_incidence(days, cause, 1, entry_days=entry)
    with pytest.raises(ValueError, match="seen from day 0"):
        cumulative_incidence(days, cause, 1, variance="delta", entry_days=entry)

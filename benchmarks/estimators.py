"""What each estimator costs at the size of a pooled study: CPU seconds and peak memory.

    nice python benchmarks/estimators.py --rows 260000

Fits each on a made-up matched sample, half of it treated, children with up to four cases, weights
as matching gives them, a tenth of the outcomes an event, lengths in whole days. Every fit has a
process of its own with one thread of linear algebra; the figures are medians of `--repeats` (3).
Seconds are those of the fit alone, imports of its libraries included; memory is the process's.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

ROWS = 260_000
COVARIATES = ("age", "female", "white_british", "years_since_start", "n_siblings")
GAMMAS = (1.0, 1.5, 2.0, 3.0, 5.0, 10.0)
Fit = Callable[[pd.DataFrame], Any]


def sample(n_rows: int, seed: int = 7) -> pd.DataFrame:
    """A matched sample of so many cases, as `analyses.fit` takes it; nobody in it exists."""
    draw = np.random.default_rng(seed)
    treated = np.arange(n_rows) % 2
    child = draw.integers(0, int(n_rows * 0.8), n_rows)
    age = draw.integers(0, 18, n_rows) + draw.random(n_rows) * (1 - 1e-9)
    years = draw.random(n_rows) * 9.5
    frame = pd.DataFrame(
        {
            "case_id": [f"{n:032x}" for n in range(n_rows)],
            "child_id": [f"{n:032x}" for n in child],
            "family_id": [f"{n // 2:032x}" for n in child],
            "treated": treated,
            "weight": np.where(treated == 1, 1.0, draw.gamma(1.3, 0.8, n_rows) + 0.01),
            "age": age,
            "female": draw.integers(0, 2, n_rows).astype(float),
            "white_british": (draw.random(n_rows) < 0.7).astype(float),
            "years_since_start": years,
            "n_siblings": draw.poisson(1.4, n_rows).astype(float),
            "stratum": (age // 4).astype(int).astype(str),
            "start_date": np.datetime64("2010-01-01") + (years * 365).astype("timedelta64[D]"),
            "source_row": np.arange(n_rows),
        }
    )
    risk = 0.08 + 0.02 * treated + 0.002 * age
    frame["event"] = (draw.random(n_rows) < risk).astype(float)
    days = np.ceil(draw.exponential(400 - 40 * treated, n_rows))
    limit = draw.integers(100, 900, n_rows)
    frame["days"] = np.minimum(days, limit).astype(float)
    frame["is_open"] = days > limit
    frame["plan_start_date"] = frame["start_date"]
    return frame


def analysis(
    estimator: str, se_type: str = "cluster_child", covariates: Sequence[str] = (), **more: Any
) -> Fit:
    """The fit of one analysis, of the length for the estimators of lengths."""
    from csc_outcomes.estimators.analyses import LENGTHS, Analysis, fit

    wanted = Analysis(estimator, covariates, se_type, **more)
    is_length = estimator in LENGTHS

    def run(frame: pd.DataFrame) -> Any:
        frame = frame.assign(
            value=frame["days" if is_length else "event"],
            is_censored=frame["is_open"] if is_length else False,
        )
        if estimator in ("ipw", "ebal", "aipw"):
            frame = frame.assign(weight=1.0)
        rows = fit(frame, wanted)
        assert rows[0].status == "ok", rows[0].status_reason
        return rows

    return run


def arrays(frame: pd.DataFrame) -> tuple[Any, ...]:
    """Days, ends, treatment, weights and clusters."""
    groups = pd.factorize(frame["child_id"])[0].astype(np.int64)
    ended = (~frame["is_open"]).to_numpy().astype(np.int64)
    treated = frame["treated"].to_numpy(float)
    return frame["days"].to_numpy(float), ended, treated, frame["weight"].to_numpy(float), groups


def survival_curve(frame: pd.DataFrame) -> Any:
    from csc_outcomes.estimators.survival import kaplan_meier

    days, ended, _, weights, groups = arrays(frame)
    return kaplan_meier(days, ended, weights, groups)


def log_rank(frame: pd.DataFrame) -> Any:
    from csc_outcomes.estimators.survival_contrasts import log_rank_test

    days, ended, treated, weights, groups = arrays(frame)
    return log_rank_test(days, ended, treated, weights, groups)


def incidence(frame: pd.DataFrame) -> Any:
    from csc_outcomes.estimators.competing_risks import cumulative_incidence

    days, ended, _, weights, groups = arrays(frame)
    cause = ended * (1 + (frame["event"] == 1).to_numpy().astype(np.int64))
    return cumulative_incidence(days, cause, 1, weights, groups)


def gray(frame: pd.DataFrame) -> Any:
    from csc_outcomes.estimators.competing_risks import gray_test

    days, ended, treated, _, _ = arrays(frame)
    cause = ended * (1 + (frame["event"] == 1).to_numpy().astype(np.int64))
    return gray_test(days, cause, 1, treated)


def hazards(frame: pd.DataFrame) -> Any:
    from csc_outcomes.estimators.proportional_hazards import proportional_hazards_test

    days, ended, treated, weights, _ = arrays(frame)
    return proportional_hazards_test(days, ended, treated[:, None], weights, np.array([0.1]))


def balance(frame: pd.DataFrame) -> Any:
    from csc_outcomes.estimators.balance import covariate_balance

    return covariate_balance(frame, COVARIATES)


def shares(frame: pd.DataFrame) -> Any:
    from csc_outcomes.estimators.groups import group_outcome

    return group_outcome(frame.assign(value=frame["event"]))


def pooled_bounds(frame: pd.DataFrame) -> Any:
    from csc_outcomes.estimators.hidden_bias import event_table, mantel_haenszel_bounds

    frame = frame.assign(value=frame["event"])
    return mantel_haenszel_bounds(event_table(frame, by="stratum"), GAMMAS)


def signed_ranks(frame: pd.DataFrame) -> Any:
    from csc_outcomes.estimators.hidden_bias import signed_rank_bounds

    days = frame["days"].to_numpy(float)
    return signed_rank_bounds((days[1::2] - days[::2]) / 7, GAMMAS)


def scores(frame: pd.DataFrame) -> Any:
    from csc_outcomes.estimators.propensity import propensity_scores

    return propensity_scores(frame, COVARIATES)


def scored(frame: pd.DataFrame) -> pd.DataFrame:
    """One treated case in twenty, with scores that need no model."""
    spread = 1 / (1 + np.exp(-(frame["age"] - 9) / 6 - frame["n_siblings"] / 3))
    return frame.assign(score=spread, treated=(np.arange(len(frame)) % 20 == 0).astype(int))


def neighbours(frame: pd.DataFrame) -> Any:
    from csc_outcomes.estimators.propensity import nearest_neighbours

    return nearest_neighbours(scored(frame))


def neighbours_once(frame: pd.DataFrame) -> Any:
    from csc_outcomes.estimators.propensity import neighbours_without_replacement

    return neighbours_without_replacement(scored(frame), 3)


def abadie_imbens(frame: pd.DataFrame) -> Any:
    from csc_outcomes.estimators.matched_effect import matched_effect, neighbours_with_ties

    values = frame.set_index("case_id")["event"]
    return matched_effect(neighbours_with_ties(scored(frame)), values)


FITS: dict[str, tuple[str, Fit]] = {}


def add(name: str, rule: str, run: Fit) -> None:
    """One row of the table."""
    FITS[name] = (rule, run)


for error in ("classical", "hc1", "cluster_child", "cluster_cr2_child"):
    add(f"wls {error}", "least squares, five covariates", analysis("wls", error, COVARIATES))
add("logit_ame", "logit and average marginal effect", analysis("logit_ame", covariates=COVARIATES))
add(
    "censored_normal",
    "censored normal lengths",
    analysis("censored_normal", covariates=COVARIATES, unit="weeks"),
)
add("cox", "Cox, clustered", analysis("cox", covariates=COVARIATES))
add("rmst", "restricted mean of 365 days", analysis("rmst", horizon_days=365))
add("ipw", "inverse probability weights", analysis("ipw", covariates=COVARIATES))
add("ebal", "entropy balancing", analysis("ebal", covariates=COVARIATES))
add("aipw", "doubly robust", analysis("aipw", covariates=COVARIATES))
add("wls bootstrap", "100 draws of children", analysis("wls", "bootstrap_child", n_draws=100))
for name, rule, run in (
    ("kaplan_meier", "weighted curve, jackknife by child", survival_curve),
    ("log_rank", "log-rank, robust", log_rank),
    ("cumulative_incidence", "Aalen-Johansen, jackknife by child", incidence),
    ("gray", "Gray's test", gray),
    ("proportional_hazards", "score test", hazards),
    ("balance", "five covariates", balance),
    ("group_outcome", "shares of both arms", shares),
    ("mantel_haenszel", "bounds by stratum, six gammas", pooled_bounds),
    ("signed_rank", "bounds of half as many pairs, six gammas", signed_ranks),
    ("propensity_scores", "logit, five covariates", scores),
    ("nearest_neighbours", "3 with replacement, 1 in 20 treated", neighbours),
    ("neighbours_without_replacement", "3, each comparator once", neighbours_once),
    ("nearest_neighbours with ties", "Abadie-Imbens effect", abadie_imbens),
):
    add(name, rule, run)


def measured(name: str, n_rows: int) -> tuple[float, float]:
    """CPU seconds and peak memory (MB) of one process that makes the sample and fits `name`."""
    done = subprocess.run(
        [sys.executable, __file__, "--rows", str(n_rows), "--one", name],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
    )
    cpu, peak = json.loads(done.stdout.splitlines()[-1])
    return float(cpu), float(peak)


def one(name: str, n_rows: int) -> None:
    """The work of one process: prints the CPU seconds of the fit and the process's peak memory."""
    frame = sample(n_rows)
    before = resource.getrusage(resource.RUSAGE_SELF)
    FITS[name][1](frame)
    after = resource.getrusage(resource.RUSAGE_SELF)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(json.dumps([used, after.ru_maxrss / 1024]))


def main(argv: Sequence[str] | None = None) -> int:
    """Runs with `argv`, by default the process's own arguments."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--only", nargs="*", metavar="ESTIMATOR")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    if options.one:
        one(options.one, options.rows)
        return 0
    print("| estimator | what is fitted | rows | CPU seconds | peak MB |\n|---|---|---|---|---|")
    for name in options.only or FITS:
        runs = [measured(name, options.rows) for _ in range(options.repeats)]
        cpu, peak = (statistics.median(figures) for figures in zip(*runs, strict=True))
        print(
            f"| {name} | {FITS[name][0]} | {options.rows:,} | {cpu:.1f} | {peak:.0f} |", flush=True
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())

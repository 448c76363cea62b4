"""The audit of release tables: from what was shipped alone, without the rules that made it."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from csc_outcomes.disclosure.outputs import BLOCKED, REVIEW, Finding
from csc_outcomes.disclosure.profiles import SHOWN, SYMBOLS, Profile
from csc_outcomes.spreadsheets import opens_as_formula

# Tables that describe the release or a design; nothing in them is counted.
NOT_COUNTED = {"rpt_release", "rpt_public_tables", "rpt_power"}
# Counts of something else than children, families, staff or records about them. A new column of
# counts is taken for one of people until it stands here.
NOT_OF_PEOPLE = {
    "n_agreeing",
    "n_agreeing_in_sign",
    "n_estimated",
    "n_expectations",
    "n_failed",
    "n_files",
    "n_passed",
    "n_plan_deviations",
    "n_rules",
    "n_significant",
    "n_specifications",
    "n_warned",
}
# Numbers of the configuration, the calendar, an organisation's accounts or other publications: they
# may stand beside a hidden result.
NOT_RESULTS = {
    "alpha",
    "carried_saving_gbp",
    "carried_saving_per_case_gbp",
    "cin_case_cost_gbp",
    "cp_case_cost_gbp",
    "extra_cost_gbp",
    "gamma",
    "horizon_days",
    "national_share",
    "national_year",
    "nominal_gbp",
    "plan_version",
    "price_base_year",
    "profile_version",
    "published",
    "real_gbp",
    "reference_rate",
    "score_below",
    "score_from",
    "share_of_total",
    "submission",
    "threshold",
    "time_days",
    "tolerance",
    "unit_cost_gbp",
    "weekly_cost_gbp",
    "year",
}
# The suite of expectations that counts files, not people.
SUITE_OF_FILES = "delivery"
MODEL_RESULTS = {"std_error", "survival", "incidence"}
MEND_TABLE = "mend the rpt_ model in models/marts/reporting, then run `dbt build`"


def table_findings(
    name: str, table: pd.DataFrame, analyses: set[str], profile: Profile
) -> list[Finding]:
    """What is wrong with one release table: one row of `table` per row of the shipped one.

    `analyses`: analysis_ids whose n and df are given by rpt_effect_estimates."""
    if name in NOT_COUNTED:
        return []
    if missing := sorted({"disclosure", "disclosure_reason"} - set(table.columns)):
        reason = f"has no column {' and '.join(missing)}: nobody can tell hidden from missing"
        return [Finding(BLOCKED, reason, MEND_TABLE)]
    found = [*_symbols(table), *_versions(table, profile), *_counts(table, profile)]
    return [*found, *_hidden_rows(table), *_models(table, analyses, profile)]


def formula_cells(table: pd.DataFrame) -> int:
    """How many text cells a spreadsheet would take for a formula; the bundle's csv defuses them."""
    return sum(
        int(table[name].dropna().map(opens_as_formula).sum()) for name in text_columns(table)
    )


def text_columns(table: pd.DataFrame) -> list[str]:
    """Columns that hold text."""
    return [
        name
        for name in map(str, table.columns)
        if pd.api.types.is_string_dtype(table[name].infer_objects())
    ]


def count_columns(table: pd.DataFrame) -> list[str]:
    """Columns of numbers that count people: `n`, `n_...`, `..._count`, unless known not to."""
    return [
        name
        for name in map(str, table.select_dtypes("number").columns)
        if (name == "n" or name.startswith("n_") or name.endswith("_count"))
        and name not in NOT_OF_PEOPLE
    ]


def _symbols(table: pd.DataFrame) -> Iterator[Finding]:
    unknown = ~table.disclosure.isin([SHOWN, *SYMBOLS])
    if unknown.any():
        reason = f"{int(unknown.sum())} rows have a disclosure that is no known symbol"
        yield Finding(BLOCKED, reason, MEND_TABLE)
    silent = (table.disclosure != SHOWN) & table.disclosure_reason.isna()
    if silent.any():
        reason = f"{int(silent.sum())} hidden rows don't say why"
        yield Finding(BLOCKED, reason, MEND_TABLE)


def _versions(table: pd.DataFrame, profile: Profile) -> Iterator[Finding]:
    if "profile" not in table or "profile_version" not in table:
        yield Finding(BLOCKED, "doesn't say which profile it follows", MEND_TABLE)
        return
    other = (table.profile != profile.profile) | (table.profile_version != profile.profile_version)
    if other.any():
        reason = (
            f"follows another profile than {profile.profile}, version {profile.profile_version}"
        )
        yield Finding(BLOCKED, reason, "run `dbt build`, so that all tables follow one profile")


def _counts(table: pd.DataFrame, profile: Profile) -> Iterator[Finding]:
    if "suite" in table:
        table = table[table.suite != SUITE_OF_FILES]
    for name in count_columns(table):
        counts = table[name].dropna().astype(float)
        small = (counts > 0) & (counts < profile.smallest_count)
        if small.any():
            reason = f"{name} shows {int(small.sum())} counts that are too small"
            yield Finding(BLOCKED, reason, MEND_TABLE)
        base = min(profile.authority_rounding, profile.region_rounding)
        if base > 1 and ((counts % base) != 0).any():
            reason = f"{name} shows counts that aren't multiples of {base}"
            yield Finding(BLOCKED, reason, MEND_TABLE)


def _hidden_rows(table: pd.DataFrame) -> Iterator[Finding]:
    """A hidden row may keep a count that is shown elsewhere, never a figure; and something of it
    must be gone."""
    hidden = table[table.disclosure != SHOWN]
    counts = set(count_columns(table))
    numbers = [
        name
        for name in map(str, table.select_dtypes("number").columns)
        if name not in NOT_RESULTS and not name.endswith("_order") and name not in NOT_OF_PEOPLE
    ]
    if numbers and len(hidden) and hidden[numbers].notna().all(axis=1).any():
        yield Finding(BLOCKED, "rows that say they are hidden hide nothing", MEND_TABLE)
    left = [name for name in numbers if name not in counts and hidden[name].notna().any()]
    if left:
        reason = f"hidden rows still have {', '.join(left)}"
        yield Finding(REVIEW, reason, "see that these numbers rest on counts that may be shown")


def _models(table: pd.DataFrame, analyses: set[str], profile: Profile) -> Iterator[Finding]:
    """A result of a model says on how many cases it rests, with how many degrees of freedom, and
    where there is none, why."""
    results = sorted(MODEL_RESULTS & set(table.columns))
    if not results:
        return
    lacking = [name for name in ("status", "status_reason") if name not in table]
    told_elsewhere = (
        table.analysis_id.isin(analyses)
        if "analysis_id" in table
        else pd.Series(False, index=table.index)
    )
    if not told_elsewhere.all():
        lacking += [] if count_columns(table) else ["n"]
        lacking += ["df"] if "std_error" in table and "df" not in table else []
    if lacking:
        reason = f"results of a model without {', '.join(lacking)}"
        yield Finding(BLOCKED, reason, MEND_TABLE)
        return
    has_result = table[results].notna().any(axis=1)
    if (~has_result & (table.status != "ok") & table.status_reason.isna()).any():
        yield Finding(BLOCKED, "results are missing without a status_reason", MEND_TABLE)
    if "df" in table and (has_result & (table.df < profile.smallest_residual_df)).any():
        reason = f"results with fewer than {profile.smallest_residual_df} degrees of freedom"
        yield Finding(BLOCKED, reason, MEND_TABLE)
    for name in {"n", "n_treated", "n_comparator"} & set(table.columns):
        if (has_result & (table[name] < profile.smallest_n)).any():
            reason = f"results that rest on fewer than {profile.smallest_n} cases ({name})"
            yield Finding(BLOCKED, reason, MEND_TABLE)

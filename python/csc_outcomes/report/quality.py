"""The quality page: what became of every authority's files and records, and what they can bear.

One row per authority comes first; details are folded away. Where a build holds many authorities,
their details list only what needs someone's attention, and the tables beside the page have all.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import pandas as pd

from csc_outcomes.progress import tracked
from csc_outcomes.report import pages
from csc_outcomes.report.blocks import (
    Block,
    Column,
    Facts,
    Figure,
    Prose,
    Section,
    Table,
    Tone,
    present,
)
from csc_outcomes.report.quality_figures import outcomes_chart, quarantine_chart
from csc_outcomes.report.source import SHOWN, Source

# Up to so many authorities the details list everything.
FEW = 10
FATES = ("n_read", "n_loaded", "n_quarantined", "n_duplicate", "n_superseded", "n_opted_out")
FATE_COLUMNS = [
    Column(name, label, "integer")
    for name, label in zip(
        FATES,
        ("Read", "Loaded", "Quarantined", "Duplicate", "Superseded", "Opted out"),
        strict=True,
    )
]
VERDICTS = {"can_run": "can run", "with_caution": "with caution", "cannot": "cannot"}
RESULTS = ("critical", "warning", "pass", "not applicable")


def quality_page(source: Source) -> str:
    """The page as one HTML document, from the tables of one build."""
    tables = Tables(source)
    return pages.render(
        "quality.html",
        source,
        title=f"Data quality ({'release' if source.is_release else 'analyst'})",
        heading="Data quality",
        lead=_lead(tables),
        sections=[_overview(tables), _attention(tables), _outcomes(tables)],
        authorities=[
            _authority(tables, code)
            for code in tracked("quality page", list(tables.authorities["la_code"]), "authorities")
        ],
        is_brief=not tables.are_few,
    )


class Tables:
    """The quality tables of a build; an absent one, as some are for release, is empty."""

    def __init__(self, source: Source) -> None:
        self.load_log = source.table_or_empty("load_log")
        self.expectations = _judged(source.table_or_empty("expectation_results"))
        self.rules = source.table_or_empty("rule_scorecard")
        self.analyses = source.table_or_empty("fitness_for_analysis")
        self.outcomes = source.table_or_empty("fitness_for_outcomes")
        self.codes = source.table_or_empty("code_coverage")
        reason = ["reason_code", "table_name", "column_name", "what_to_do"]
        self.quarantined = _counted(source, "quarantined_rows", reason)
        self.repairs = _counted(source, "care_period_repairs", ["repair"])
        change = ["table_name", "delivery", "previous_delivery", "change"]
        self.changes = _counted(source, "delivery_changes", change)
        self.authorities = _authorities(self)
        self.are_few = len(self.authorities) <= FEW


def _judged(results: pd.DataFrame) -> pd.DataFrame:
    """Expectations with their result: pass, or how severe it is that one isn't met."""
    if results.empty:
        return results
    results["result"] = results["severity"].where(~results["success"].fillna(True), "pass")
    is_empty = results["element_count"].eq(0).fillna(False)
    results["result"] = results["result"].mask(is_empty, "not applicable")
    return results


def _counted(source: Source, name: str, by: list[str]) -> pd.DataFrame:
    """Rows of a row-level table by authority and `by`; release tables are counted already."""
    if not source.has(name):
        return pd.DataFrame()
    if source.is_release:
        counted = source.table(name)
        return counted.rename(columns={"n": "n_rows", "n_records": "n_rows"})
    columns = ", ".join(["la_code", *by])
    path = source.folder / source.kind / "csc_outcomes.duckdb"
    with duckdb.connect(str(path), read_only=True) as connection:
        counted = connection.execute(
            f"select {columns}, count(*) as n_rows from {source.full_name(name)} "
            f"group by all order by all"
        ).fetchdf()
    return counted.assign(disclosure=SHOWN, disclosure_reason=None)


def _authorities(tables: Tables) -> pd.DataFrame:
    """One row per authority: its files and records, and what its expectations and rules say."""
    log = tables.load_log
    if log.empty:
        return pd.DataFrame(columns=["la_code", "la_name"])
    rows = []
    for la_code, files in log.groupby("la_code", sort=True):
        results = _of(tables.expectations, str(la_code))
        rules = _of(tables.rules, str(la_code))
        outcomes = _of(tables.outcomes, str(la_code))
        analyses = _of(tables.analyses, str(la_code))
        row = {
            "la_code": la_code,
            "la_name": files["la_name"].iloc[0] if "la_name" in files else "",
            "n_files": len(files),
            "n_refused": int(files["status"].eq("refused").sum()),
            **_fates(files),
            "n_critical": _n(results, "result", "critical"),
            "n_warning": _n(results, "result", "warning"),
            "n_rules_failed": _n(rules, "verdict", "fail"),
            "n_outcomes_untold": _n(outcomes, "verdict", "cannot"),
            "n_analyses_lost": _n(analyses, "verdict", "cannot"),
        }
        row["state"] = _state(row)
        rows.append(row)
    frame = pd.DataFrame(rows)
    frame["share_quarantined"] = frame["n_quarantined"] / frame["n_read"].where(frame["n_read"] > 0)
    return frame


def _fates(files: pd.DataFrame) -> dict[str, object]:
    """What became of the records of some files. A sum with a hidden part is hidden too."""
    sums = {name: files[name].sum(skipna=False) for name in FATES if name in files}
    is_hidden = any(pd.isna(value) for value in sums.values())
    hidden = files.loc[files["disclosure"] != SHOWN]
    told = {
        "disclosure": hidden["disclosure"].iloc[0] if is_hidden and len(hidden) else SHOWN,
        "disclosure_reason": (
            hidden["disclosure_reason"].iloc[0] if is_hidden and len(hidden) else None
        ),
    }
    return {**dict.fromkeys(FATES, float("nan")), **sums, **told}


def _state(row: dict[str, object]) -> str:
    """The worst that is to be said of an authority, in words."""
    if row["n_critical"]:
        return "stopped: a critical expectation fails"
    if row["n_refused"]:
        return "a file was refused"
    if row["n_warning"] or row["n_rules_failed"]:
        return "usable, with warnings"
    return "no finding"


def _of(rows: pd.DataFrame, la_code: str) -> pd.DataFrame:
    """The rows of one authority."""
    return rows if rows.empty else rows[rows["la_code"] == la_code].reset_index(drop=True)


def _n(rows: pd.DataFrame, column: str, value: str) -> int:
    return 0 if rows.empty else int(rows[column].eq(value).sum())


def _lead(tables: Tables) -> list[Block]:
    states = tables.authorities.get("state", pd.Series(dtype=str)).value_counts()
    n = len(tables.authorities)
    lines = [f"{count} of {n}: {state}." for state, count in states.sort_index().items()]
    is_synthetic = tables.load_log.get("is_synthetic", pd.Series(dtype=bool)).fillna(False)
    if len(is_synthetic) and is_synthetic.all():
        lines.append("All data are synthetic: made-up children of made-up authorities.")
    elif is_synthetic.any():
        lines.append("Some of the authorities are made up: their data are synthetic.")
    worst: Tone = "caution" if set(states.index) - {"no finding"} else "good"
    question = "What came in, what was left out and why, and what the data can bear."
    return [Prose([question], lines, tone="plain" if n == 0 else worst)]


def _overview(tables: Tables) -> Section:
    who = [Column("la_code", "Code"), Column("la_name", "Authority")]
    findings = [
        *who,
        Column("state", "State"),
        Column("n_files", "Files", "integer"),
        Column("n_refused", "Refused files", "integer"),
        Column("n_critical", "Critical findings", "integer"),
        Column("n_warning", "Warnings", "integer"),
        Column("n_rules_failed", "Broken rules", "integer"),
        Column("n_outcomes_untold", "Outcomes that cannot be told", "integer"),
        Column("n_analyses_lost", "Analyses that cannot run", "integer"),
    ]
    note = (
        "Read = loaded + quarantined + duplicate + superseded + opted out. Quarantined records "
        "could not be used: a key value is missing, can't be read or contradicts another."
    )
    rows = tables.authorities
    blocks: list[Block] = []
    if len(rows):
        records = [*who, *FATE_COLUMNS]
        blocks += [
            Table("findings", "Findings by authority", rows, findings, row_header="la_name"),
            Table("records", "What became of the records", rows, records, note, "la_name"),
        ]
    worst = tables.authorities.get("share_quarantined", pd.Series(dtype=float)).fillna(0)
    if (worst > 0).any():
        shown = tables.authorities.assign(share_quarantined=worst)
        shown = shown.nlargest(20, "share_quarantined")
        shown = shown[shown["share_quarantined"] > 0][["la_code", "la_name", "share_quarantined"]]
        blocks.append(
            Figure(
                "quarantined",
                "Share of records quarantined",
                f"Bars of the share of records quarantined in {len(shown)} authorities, the "
                f"largest {shown['share_quarantined'].max():.1%}.",
                lambda width: quarantine_chart(shown, width),
                shown,
                [
                    Column("la_code", "Code"),
                    Column("la_name", "Authority"),
                    Column("share_quarantined", "Share quarantined", "percent", 2),
                ],
                "At most the 20 authorities with the largest shares.",
            )
        )
    return Section("overview", "Authorities at a glance", blocks)


def _attention(tables: Tables) -> Section:
    """What someone should look into, all authorities together."""
    blocks: list[Block] = []
    results = tables.expectations
    failed = results[results["result"].isin(["critical", "warning"])] if len(results) else results
    if len(failed):
        blocks.append(_expectation_table("not-met", "Expectations that are not met", failed, True))
    if len(tables.quarantined):
        data = tables.quarantined.sort_values("n_rows", ascending=False, kind="stable")
        blocks.append(_quarantine_table("reasons", "Why records were quarantined", data, True))
    refused = tables.load_log
    refused = refused[refused["status"] == "refused"] if len(refused) else refused
    if len(refused):
        blocks.append(_file_table("refused", "Files that were refused", refused, True))
    rules = tables.rules
    broken = rules[rules["verdict"] == "fail"] if len(rules) else rules
    if len(broken):
        blocks.append(_rule_table("broken-rules", "Validation rules that are broken", broken, True))
    if not blocks:
        fine = "No file was refused, no record quarantined, no expectation or rule broken."
        blocks.append(Prose([fine], tone="good"))
    return Section("attention", "What needs attention", blocks)


def _outcomes(tables: Tables) -> Section:
    """In how many authorities each outcome can be told."""
    if tables.outcomes.empty:
        return Section("outcomes", "Outcomes", [Prose(["This build holds no verdicts."])])
    verdict = tables.outcomes["verdict"].map(VERDICTS)
    data = (
        tables.outcomes.assign(verdict=verdict)
        .groupby(["label", "verdict"], sort=True)
        .size()
        .reset_index(name="n_authorities")
    )
    n_cannot = int((verdict == VERDICTS["cannot"]).sum())
    figure = Figure(
        "outcomes-told",
        "In how many authorities each outcome can be told",
        f"Bars for {data['label'].nunique()} outcomes: authorities where each can be told, with "
        f"caution or not; of {len(verdict)} verdicts {n_cannot} are that it cannot be told.",
        lambda width: outcomes_chart(data, width),
        data,
        [
            Column("label", "Outcome"),
            Column("verdict", "Verdict"),
            Column("n_authorities", "Authorities", "integer"),
        ],
        "Why, and what would mend it, stands with each authority below.",
    )
    return Section("outcomes", "What can be told", [figure])


def _authority(tables: Tables, la_code: str) -> Section:
    """Everything about one authority; where there are many, what needs attention."""
    overview = tables.authorities.set_index("la_code").loc[la_code]
    log = _of(tables.load_log, la_code)
    parts = [
        _files(tables, la_code, log),
        _quarantine(tables, la_code),
        _expectations(tables, la_code),
        _rules(tables, la_code),
        _fitness(tables, la_code),
        _codes(tables, la_code),
        _drift(tables, la_code, log),
    ]
    is_synthetic = "is_synthetic" in log and bool(log["is_synthetic"].any())
    name = f"{la_code} {overview['la_name']}{' (synthetic data)' if is_synthetic else ''}"
    as_of = log["extract_as_of_date"].max() if "extract_as_of_date" in log else None
    told = Facts([("As of", str(as_of)[:10])]) if as_of is not None and not pd.isna(as_of) else None
    title = f"{name}: {overview['state']}"
    return Section(
        f"la-{la_code}", title, [told] if told else [], parts=[part for part in parts if part]
    )


def _part(la_code: str, name: str, title: str, blocks: Sequence[Block]) -> Section | None:
    return Section(f"{name}-{la_code}", title, blocks, 3) if blocks else None


def _files(tables: Tables, la_code: str, log: pd.DataFrame) -> Section | None:
    keys = [name for name in ("format", "delivery") if name in log]
    if tables.are_few or not keys:
        return _part(la_code, "files", "Files", [_file_table(f"load-{la_code}", "Load log", log)])
    rows = [
        {
            **dict(zip(keys, values, strict=True)),
            "n_files": len(files),
            "n_refused": _n(files, "status", "refused"),
            **_fates(files),
        }
        for values, files in log.groupby(keys, sort=True, dropna=False)
    ]
    columns = [
        *(Column(key, key.capitalize()) for key in keys),
        Column("n_files", "Files", "integer"),
        Column("n_refused", "Refused", "integer"),
        *FATE_COLUMNS,
    ]
    table = Table(f"load-{la_code}", "Load log by delivery", pd.DataFrame(rows), columns)
    return _part(la_code, "files", "Files", [table])


def _file_table(id: str, title: str, log: pd.DataFrame, with_authority: bool = False) -> Table:
    columns = [
        Column("la_code", "Authority"),
        Column("file_name", "File"),
        Column("delivery", "Delivery"),
        Column("format", "Format"),
        Column("holds", "Holds"),
        Column("status", "Status"),
        *FATE_COLUMNS,
        Column("reason", "Reason, and what to do"),
    ]
    if "reason" in log and log["reason"].isna().all():
        columns = columns[:-1]
    return Table(id, title, log, _there(columns, log, with_authority))


def _there(
    columns: Sequence[Column], data: pd.DataFrame, with_authority: bool = False
) -> list[Column]:
    """The columns that the data have, those of one authority without its code."""
    return present([c for c in columns if with_authority or c.name != "la_code"], data)


def _quarantine(tables: Tables, la_code: str) -> Section | None:
    rows = _of(tables.quarantined, la_code)
    repairs = _of(tables.repairs, la_code)
    blocks: list[Block] = []
    if len(rows):
        title = "Why records were quarantined"
        blocks.append(_quarantine_table(f"reasons-{la_code}", title, rows))
    if len(repairs):
        columns = [Column("repair", "Repair"), Column("n_rows", "Records", "integer")]
        title = "Care periods that were repaired"
        blocks.append(Table(f"repairs-{la_code}", title, repairs, _there(columns, repairs)))
    return _part(la_code, "quarantine", "Quarantine and repairs", blocks)


def _quarantine_table(
    id: str, title: str, rows: pd.DataFrame, with_authority: bool = False
) -> Table:
    columns = [
        Column("la_code", "Authority"),
        Column("reason_code", "Reason"),
        Column("table_name", "Table"),
        Column("column_name", "Column"),
        Column("n_rows", "Records", "integer"),
        Column("what_to_do", "What to do"),
    ]
    return Table(id, title, rows, _there(columns, rows, with_authority))


def _expectations(tables: Tables, la_code: str) -> Section | None:
    results = _of(tables.expectations, la_code)
    if results.empty:
        return None
    counts = pd.crosstab(results["suite"], results["result"])
    for result in RESULTS:
        if result not in counts:
            counts[result] = 0
    columns = [Column("suite", "Suite"), *(Column(r, r.capitalize(), "integer") for r in RESULTS)]
    title = "Scorecard: expectations by suite"
    blocks: list[Block] = []
    if tables.are_few:
        blocks.append(Table(f"scorecard-{la_code}", title, counts.reset_index(), columns))
    else:
        totals = counts.sum()
        blocks.append(Facts([(r.capitalize(), f"{int(totals[r]):,}") for r in RESULTS]))
    failed = results[results["result"].isin(["critical", "warning"])]
    if len(failed):
        blocks.append(_expectation_table(f"not-met-{la_code}", "Not met", failed))
    return _part(la_code, "expectations", "Expectations", blocks)


def _expectation_table(
    id: str, title: str, results: pd.DataFrame, with_authority: bool = False
) -> Table:
    columns = [
        Column("la_code", "Authority"),
        Column("suite", "Suite"),
        Column("expectation", "Expectation"),
        Column("column_name", "Column"),
        Column("result", "Result"),
        Column("unexpected_count", "Not so in", "integer"),
        Column("element_count", "of", "integer"),
        Column("file_names", "Files"),
        Column("what_to_do", "What to do"),
    ]
    return Table(id, title, results, _there(columns, results, with_authority))


def _rules(tables: Tables, la_code: str) -> Section | None:
    rules = _of(tables.rules, la_code)
    if rules.empty or (rules["verdict"] == "not_applicable").all():
        return None
    counts = rules["verdict"].value_counts()
    facts: list[tuple[str, str]] = [
        (label, str(counts.get(verdict, 0)))
        for verdict, label in (
            ("pass", "Kept"),
            ("fail", "Broken"),
            ("not_applicable", "Not applicable"),
        )
    ]
    blocks: list[Block] = [Facts(facts)]
    listed = rules if tables.are_few else rules[rules["verdict"] == "fail"]
    if len(listed):
        blocks.append(_rule_table(f"rules-{la_code}", "Validation rules", listed))
    return _part(la_code, "rules", "Validation rules of the return", blocks)


def _rule_table(id: str, title: str, rules: pd.DataFrame, with_authority: bool = False) -> Table:
    columns = [
        Column("la_code", "Authority"),
        Column("rule", "Rule"),
        Column("meaning", "What it asks"),
        Column("verdict", "Verdict"),
        Column("n_flagged", "Broken by", "integer"),
        Column("n_checked", "of", "integer"),
        Column("because", "Because"),
    ]
    data = rules.assign(verdict=rules["verdict"].str.replace("_", " "))
    return Table(id, title, data, _there(columns, data, with_authority))


def _fitness(tables: Tables, la_code: str) -> Section | None:
    """Outcomes and analyses by verdict and reason: one row for all that share them."""
    blocks: list[Block] = []
    for name, title, rows, item in (
        ("told", "Outcomes", _of(tables.outcomes, la_code), "label"),
        ("runs", "Analyses", _of(tables.analyses, la_code), "analysis_id"),
    ):
        if len(rows):
            if item == "analysis_id":
                rows = rows.assign(analysis_id=rows["study_id"] + ": " + rows["analysis_id"])
            data = (
                rows.assign(
                    verdict=rows["verdict"].map(VERDICTS), because=rows["because"].fillna("")
                )
                .groupby(["verdict", "because"], sort=True)[item]
                .agg(lambda items: ", ".join(sorted(items)))
                .reset_index()
            )
            columns = [
                Column("verdict", "Verdict"),
                Column("because", "Because"),
                Column(item, title),
            ]
            blocks.append(Table(f"{name}-{la_code}", f"{title} by verdict", data, columns))
    return _part(la_code, "fitness", "What the data can bear", blocks)


def _codes(tables: Tables, la_code: str) -> Section | None:
    codes = _of(tables.codes, la_code)
    if codes.empty:
        return None
    unknown = codes[codes["n_unmapped"].fillna(0) > 0]
    if unknown.empty:
        fine = f"No unknown code in {len(codes)} coded columns."
        return _part(la_code, "codes", "Unknown codes", [Prose([fine])])
    columns = [
        Column("table_name", "Table"),
        Column("column_name", "Column"),
        Column("n_unmapped", "Unknown codes", "integer"),
        Column("n_coded", "of codes", "integer"),
        Column("share_unmapped", "Share", "percent", 1),
    ]
    table = Table(f"codes-{la_code}", "Unknown codes", unknown, _there(columns, unknown))
    return _part(la_code, "codes", "Unknown codes", [table])


def _drift(tables: Tables, la_code: str, log: pd.DataFrame) -> Section | None:
    """What changed since the delivery before, and columns that nobody declared."""
    blocks: list[Block] = []
    unknown = log[log["unknown_columns"].notna()] if "unknown_columns" in log else log.iloc[:0]
    if len(unknown):
        columns = [
            Column("file_name", "File"),
            Column("delivery", "Delivery"),
            Column("unknown_columns", "Columns found but not declared"),
        ]
        title = "Columns that extract.yml doesn't declare"
        blocks.append(Table(f"unknown-{la_code}", title, unknown, _there(columns, unknown)))
    changes = _of(tables.changes, la_code)
    if len(changes) and not tables.are_few:
        changes = changes[changes["delivery"] == changes["delivery"].max()]
    if len(changes):
        blocks.append(_changes_table(f"changes-{la_code}", changes))
    return _part(la_code, "drift", "Drift since the last delivery", blocks)


def _changes_table(id: str, changes: pd.DataFrame) -> Table:
    """One row per delivery and kind of record: how many are new, changed and gone."""
    keys = ["delivery", "previous_delivery", "table_name"]
    wide = changes.pivot(index=keys, columns="change", values="n_rows").reset_index()
    hidden = changes[changes["disclosure"] != SHOWN].groupby(keys)[
        ["disclosure", "disclosure_reason"]
    ]
    wide = wide.join(hidden.first(), on=keys)
    wide["disclosure"] = wide["disclosure"].fillna(SHOWN)
    for change in ("new", "changed", "gone"):
        wide[change] = wide.get(change, 0)
        is_none = wide[change].isna() & wide["disclosure"].eq(SHOWN)
        wide[change] = wide[change].mask(is_none, 0)
    columns = [
        Column("delivery", "Delivery"),
        Column("previous_delivery", "Delivery before"),
        Column("table_name", "Records of"),
        *(Column(change, change.capitalize(), "integer") for change in ("new", "changed", "gone")),
    ]
    note = "A yearly return leaves out what closed before its year: much of what is gone is over."
    return Table(id, "Records that differ from the delivery before", wide, columns, note)

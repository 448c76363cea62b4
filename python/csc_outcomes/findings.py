"""What the expectations of a build found, in lines that say where and what next."""

from __future__ import annotations

import duckdb


def critical_findings(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """One line per critical failure: authority, files, column, rule and count."""
    rows = connection.execute(
        """
        select
            results.la_code, files.la_name, results.file_names, results.column_name,
            results.suite, results.expectation, results.unexpected_count, results.element_count,
            coalesce(refused.reason, results.what_to_do) as what_next
        from fct_expectation_results as results
        left join (select la_code, max(la_name) as la_name from fct_load_log group by la_code) as
        files
            using (la_code)
        left join fct_load_log as refused
            on results.expectation = 'file is accepted' and refused.la_code = results.la_code
            and coalesce(refused.delivery || '/', '') || refused.file_name = results.file_names
            and refused.status = 'refused'
        where results.severity = 'critical' and not results.success
        order by all
        """
    ).fetchall()
    return [
        f"{la} {name}, {file or 'no file'}, {column or 'whole file'}: "
        f"{suite}: {rule}: {_how_often(suite, n_bad, n_all)}"
        + (f". {what_next}" if what_next else "")
        for la, name, file, column, suite, rule, n_bad, n_all, what_next in rows
    ]


def _how_often(suite: str, n_bad: int, n_all: int) -> str:
    if suite == "delivery":
        return "not so"
    return (
        f"{n_bad} of {n_all} records" if suite == "quarantine" else f"not so in {n_bad} of {n_all}"
    )


def warnings(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """One line per authority whose delivery passed with warnings: how many, and where to look."""
    rows = connection.execute(
        """
        select
            results.la_code, max(files.la_name), max(files.n_quarantined), max(files.n_read),
            count(*)
        from fct_expectation_results as results
        inner join (
            select
                la_code, max(la_name) as la_name, sum(n_quarantined) as n_quarantined,
                sum(n_read) as n_read
            from fct_load_log
            group by la_code
        ) as files using (la_code)
        where results.severity = 'warning' and not results.success
        group by results.la_code
        order by results.la_code
        """
    ).fetchall()
    return [
        f"{la} {name}: {n_warnings} expectation{'' if n_warnings == 1 else 's'} not met, "
        f"{n_quarantined} of {n_read} records quarantined; see fct_expectation_results and "
        "fct_quarantined_rows"
        for la, name, n_quarantined, n_read, n_warnings in rows
    ]

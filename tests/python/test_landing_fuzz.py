"""Over many broken files, every record is accounted for and no message holds a value."""

import csv
import io
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from landing_project import COLUMNS, Project

CANARY = "Qzx7"  # planted in every cell: whatever leaks, it shows
HEADER = ["child_ref", "case_ref", "opened", "ward"]
MAPPED = {**COLUMNS, "ward": "ward"}
CELLS = st.text(
    st.sampled_from("ab 0,;\"'\n\r\té£\u2028“=")
    | st.characters(codec="utf-8", exclude_characters="\0"),
    max_size=8,
)
IDS = st.one_of(st.integers(0, 9).map(str), st.sampled_from(["1.0E+05", "A B", "007", ""]), CELLS)


@st.composite
def records(draw: st.DrawFn) -> list[str]:
    """One record: nearly always four cells, with its own canary in the last."""
    child = draw(IDS)
    rest = draw(
        st.lists(CELLS, min_size=0, max_size=5)
        if draw(st.integers(0, 9)) == 0
        else st.lists(CELLS, min_size=2, max_size=2)
    )
    return [child, *rest, CANARY]


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(
    st.lists(records(), max_size=12),
    st.sets(st.integers(0, 9)),
    st.sampled_from(["utf-8", "utf-16"]),
)
def test_every_record_of_a_well_quoted_file_is_accounted_for(
    rows: list[list[str]], opted_out: set[int], encoding: str
) -> None:
    stream = io.StringIO()
    csv.writer(stream).writerows([HEADER, *rows])
    with tempfile.TemporaryDirectory() as folder:
        project = Project(Path(folder) / "project")
        project.deliver(stream.getvalue().encode(encoding), columns=MAPPED)
        lists = "".join(f"{child}\n" for child in sorted(opted_out))
        (project.extracts / "alpha" / "opt_outs.csv").write_text(f"child_id\n{lists}")
        outcome = project.land_one()
        landed = project.rows()
        refused = project.rows("refused_rows")
        log = project.rows("load_log")
    fits = [len(row) == len(HEADER) for row in rows]
    is_out = [
        row[0].strip().lstrip("0").rjust(1, "0") in {str(child) for child in opted_out}
        and row[0].strip().isascii()
        and row[0].strip() != ""
        for row in rows
    ]
    assert outcome.status == "landed"
    assert outcome.n_read == len(rows)
    assert outcome.n_refused_rows == len(refused) == fits.count(False)
    assert outcome.n_opted_out == sum(fit and out for fit, out in zip(fits, is_out, strict=True))
    assert outcome.n_read == len(landed) + outcome.n_refused_rows + outcome.n_opted_out
    numbers = [row["source_row_number"] for row in (*landed, *refused)]
    assert len(set(numbers)) == len(numbers)
    assert CANARY not in repr((outcome, refused, log))


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(st.lists(st.text(st.sampled_from('ab,,,"" \n\r;é'), max_size=20), max_size=15))
def test_any_text_lands_or_is_refused_and_the_counts_agree(lines: list[str]) -> None:
    text = "\n".join([",".join(HEADER), *(f"{CANARY}{line}" for line in lines)])
    with tempfile.TemporaryDirectory() as folder:
        project = Project(Path(folder) / "project")
        project.deliver(text, columns=MAPPED)
        outcome = project.land_one()
        landed = project.rows()
        refused = project.rows("refused_rows")
    assert outcome.reason_code != "unexpected_error"
    assert outcome.n_read == len(landed) + outcome.n_refused_rows
    assert outcome.n_refused_rows == len(refused)
    # every planted line begins a record, or is inside a properly closed quoted cell
    assert outcome.n_read <= sum(len(line.splitlines()) + 1 for line in lines)
    assert CANARY not in repr((outcome, refused))


@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_refused_or_land(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        project = Project(Path(folder) / "project")
        for name in ("cases.csv", "cases.xlsx"):
            project.deliver(content, name=name, delivery=name.replace(".", "-"))
        assert {outcome.status for outcome in project.land().outcomes} == {"refused"}

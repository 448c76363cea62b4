"""The words, numbers, symbols and CSVs of reports, without a build or a browser."""

from __future__ import annotations

import csv
import io
import re

import pandas as pd
import pytest

from csc_outcomes.report import pages
from csc_outcomes.report.blocks import Column, Figure, Prose, Section, Table
from csc_outcomes.report.cells import csv_text, legend, table_rows
from csc_outcomes.report.drawing import ARM_COLOURS
from csc_outcomes.report.formats import shown
from csc_outcomes.report.sections.limitations import _estimand
from csc_outcomes.report.words import certainty, difference, found_in, interval, meanings, span


@pytest.mark.parametrize(
    ("value", "kind", "digits", "text"),
    [
        (0.549180, "percent", None, "54.9%"),
        (-0.247154, "points", None, "\N{MINUS SIGN}24.7"),
        (-0.0004, "points", None, "0.0"),
        (3347.356, "gbp", None, "£3,347.36"),
        (-1556.0, "gbp", 0, "\N{MINUS SIGN}£1,556"),
        (2654, "integer", None, "2,654"),
        (0.0004, "p_value", None, "<0.001"),
        (0.00572, "p_value", None, "0.006"),
        (pd.Timestamp("2019-11-22"), "date", None, "22 November 2019"),
        (True, "flag", None, "yes"),
        (None, "text", None, "\N{EN DASH}"),
    ],
)
def test_numbers_as_readers_see_them(
    value: object, kind: str, digits: int | None, text: str
) -> None:
    assert shown(value, kind, digits) == text


def test_an_effect_in_words_has_its_unit_and_direction() -> None:
    assert difference(-0.247154, "proportion") == "24.7 percentage points lower"
    assert difference(37.286, "weeks") == "37.3 weeks more"
    assert difference(0.00001, "proportion") == "0.0 percentage points, no difference"
    assert interval(-0.0968, 0.2644, "proportion") == (
        "95% confidence interval from 9.7 lower to 26.4 higher"
    )
    assert interval(None, 0.2, "proportion") == "no interval could be computed"


@pytest.mark.parametrize(
    ("diagnostic", "value", "text"),
    [
        ("events_treated", 5.0, "5"),
        ("share_of_treated_matched", 0.748466, "74.8%"),
        ("minimum_detectable_weeks", 17.261, "17.3 weeks"),
        ("minimum_detectable_proportion", 0.2546, "25.5 points"),
        ("proportional_hazards_p", 0.0004, "<0.001"),
        ("largest_abs_smd", 0.125, "0.12"),
        ("largest_abs_smd", None, None),
    ],
)
def test_checks_have_the_digits_that_they_can_bear(
    diagnostic: str, value: float | None, text: str | None
) -> None:
    assert found_in({"diagnostic": diagnostic, "value": value}, "value") == text


def test_ends_of_an_interval_say_their_direction() -> None:
    assert span(-0.348, -0.146, "proportion") == "34.8 lower to 14.6 lower"
    assert span(-1.0, 3.0, "weeks") == "1.0 fewer to 3.0 more"


def test_a_study_that_names_no_estimand_says_nothing_of_it() -> None:
    assert _estimand(None, None) == []
    assert _estimand(float("nan"), "Maryland 2") == ["The level of evidence is Maryland 2."]
    assert _estimand("ATT", None)[0].startswith("What is estimated: ATT;")


def test_no_significance_is_not_called_no_effect() -> None:
    told = certainty(pd.Series({"p_value": 0.36, "p_adjusted": None}))
    assert "0.360" in told
    assert "isn't evidence of no effect" in told
    # the adjusted p-value is the one that counts
    assert "0.060" in certainty(pd.Series({"p_value": 0.01, "p_adjusted": 0.06}))
    assert "can't be said" in certainty(pd.Series({"p_value": None, "p_adjusted": None}))


def test_more_escalation_is_not_called_worse() -> None:
    told = meanings()["escalated"]
    assert "aren't by themselves a bad result" in told["may_not"]


HIDDEN = pd.DataFrame(
    {
        "arm": ["treated", "comparator", "all", "none"],
        "n": pd.array([None, 120, 0, None], dtype="Int64"),
        "value": [None, 0.25, None, None],
        "status": ["ok", "ok", "not_estimable", "ok"],
        "status_reason": [None, None, "separation: no case has the event", None],
        "disclosure": ["c", "shown", "shown", "shown"],
        "disclosure_reason": ["between 1 and 5 cases", None, None, None],
    }
)
COLUMNS = [Column("arm", "Arm"), Column("n", "Cases", "integer"), Column("value", "V", "percent")]


def test_a_hidden_value_a_gap_and_a_true_zero_differ() -> None:
    rows = table_rows(HIDDEN, COLUMNS)
    assert [[cell.text for cell in row[1:]] for row in rows] == [
        ["c", "c"],
        ["120", "25.0%"],
        ["0", "x"],
        ["z", "z"],
    ]
    assert legend(rows) == [
        ("c", "hidden, because it could identify somebody; between 1 and 5 cases"),
        ("x", "not available; no case has the event"),
        ("z", "not applicable"),
    ]


def test_a_csv_has_full_precision_symbols_and_no_formula() -> None:
    data = pd.DataFrame(
        {
            "name": ["=1+1", "@cmd", "-2+3", "plain"],
            "value": [1 / 3, -0.5, None, 2.0],
            "disclosure": ["shown", "shown", "c", "shown"],
        }
    )
    table = Table("t", "T", data, [Column("name", "N"), Column("value", "V", "number")])
    rows = list(csv.reader(io.StringIO(csv_text(table))))
    assert rows == [
        ["name", "value"],
        ["'=1+1", repr(1 / 3)],
        ["'@cmd", "-0.5"],
        ["'-2+3", "c"],
        ["plain", "2.0"],
    ]


def test_a_page_escapes_what_the_data_hold() -> None:
    data = pd.DataFrame({"name": ["<script>alert(1)</script>"], "value": [1.0]})
    table = Table(
        "t", "<b>T</b>", data, [Column("name", "<i>N</i>"), Column("value", "V", "number")]
    )
    page = pages.render(
        "sections.html",
        None,
        title="<title>",
        heading="<h>",
        build_id="b",
        lead=[Prose(("<p>",), items=("<li>",))],
        sections=[Section("s", "<s>", [table])],
    )
    body = page.split("<body")[1].split("<script>")[0]
    assert not re.search(r"<(b|i|h|s|title)>|alert\(1\)</script>", body)
    assert "&lt;script&gt;" in body


def test_the_policy_lets_in_nothing_but_the_page_itself() -> None:
    page = pages.render(
        "sections.html", None, title="t", heading="h", build_id="b", lead=[], sections=[]
    )
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy
    assert "default-src &#39;none&#39;" in policy[1]
    assert "unsafe" not in policy[1]
    assert "http" not in policy[1]
    # the vendored file is the one that its note names
    assert "89411b7d6358ae0c52b116b9188a4bae92f123b59362478ddb86711a501290a6" in _hash_of_sorting()


def _hash_of_sorting() -> str:
    import hashlib
    from importlib.resources import files

    static = files("csc_outcomes.report") / "static"
    found = hashlib.sha256((static / "sortable.js").read_bytes()).hexdigest()
    assert found in (static / "sortable.md").read_text(encoding="utf-8")
    return found


def test_colours_have_the_contrast_that_they_need() -> None:
    from importlib.resources import files

    css = (files("csc_outcomes.report") / "static" / "page.css").read_text(encoding="utf-8")
    named = dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", css))
    for name in ("ink", "quiet", "link", "stop", "caution", "good"):
        assert _contrast(named[name], "#ffffff") >= 4.5
        assert name != "quiet" or _contrast(named[name], named["ground"]) >= 4.5
    assert _contrast(named["ink"], named["focus"]) >= 4.5
    for colour in ARM_COLOURS.values():
        assert _contrast(colour, "#ffffff") >= 3


def _contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2.2, definition "contrast ratio"."""
    lights = []
    for colour in (one, other):
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        lights.append(sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True)))
    return (max(lights) + 0.05) / (min(lights) + 0.05)


def test_a_figure_is_drawn_the_same_twice_and_says_what_it_shows() -> None:
    import altair as alt

    data = pd.DataFrame({"arm": ["treated", "comparator"], "value": [0.5, 0.8]})

    def chart(width: int) -> alt.Chart:
        return alt.Chart(data, width=width - 80).mark_bar().encode(x="value:Q", y="arm:N")

    figure = Figure("f", "A figure", "Two bars, 50% and 80%.", chart, data)

    def page() -> str:
        return pages.render(
            "sections.html",
            None,
            title="t",
            heading="h",
            build_id="b",
            lead=[],
            sections=[Section("s", "S", [figure])],
        )

    first = page()
    assert first == page()
    assert 'alt="Two bars, 50% and 80%."' in first
    assert first.count("data:image/svg+xml;base64,") == 2
    assert 'download="f-data.csv"' in first

"""Reports as a browser shows them: by themselves, to everybody, with the tables' own numbers."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest

import browsers
from csc_outcomes.cli import main
from csc_outcomes.report import pages
from csc_outcomes.report.source import Kind, Source
from long_form import IS_LONG
from projects import Project

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

STUDIES = ("fact22", "crewe")
BOTH = [(kind, study) for kind in pages.KINDS for study in STUDIES]
# A browser lets a page hand over only so many files at once.
DOWNLOADS = 5
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
UNFOLD = "document.querySelectorAll('details').forEach(d => { d.open = true })"
MINUS = "\N{MINUS SIGN}"


@pytest.fixture(scope="session")
def current(built: Project) -> Path:
    """The published build."""
    return (built.path / "published" / "current").resolve()


class Files(dict[tuple[str, str], Path]):
    """Each report's page: as it was published, or else as the library writes it."""

    def __init__(self, current: Path, folder: Path) -> None:
        super().__init__()
        self.current, self.folder = current, folder

    def __missing__(self, key: Any) -> Path:
        kind, study = key
        path = self.current / kind / f"report_{study}.html"
        if not path.is_file():
            path = self.folder / f"{kind}_{study}.html"
            with Source(self.current, kind) as source:
                path.write_text(pages.report_page(source, study), encoding="utf-8")
        self[key] = path
        return path


@pytest.fixture(scope="session")
def files(current: Path, tmp_path_factory: pytest.TempPathFactory) -> Files:
    """Each report, made when it is first asked for."""
    return Files(current, tmp_path_factory.mktemp("reports"))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browsers.browser() as chromium:
        yield chromium


class Visit:
    """A page with what it complained of and what it asked for beyond itself."""

    def __init__(self, browser: Browser, path: Path, width: int = 1280) -> None:
        self.context = browser.new_context(
            viewport={"width": width, "height": 900}, reduced_motion="reduce"
        )
        self.page: Page = self.context.new_page()
        self.complaints: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(path.resolve().as_uri())

    def __enter__(self) -> Visit:
        return self

    def __exit__(self, *_: object) -> None:
        self.context.close()


@pytest.mark.parametrize(("kind", "study"), BOTH)
def test_a_report_opens_by_itself(kind: str, study: str, browser: Browser, files: Files) -> None:
    path = files[kind, study]
    assert path.stat().st_size < 3_000_000
    with Visit(browser, path) as visit:
        timing = "performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd"
        milliseconds = min(visit.page.evaluate(timing), *_again(visit, timing))
        print(f"{kind} {study}: {path.stat().st_size} bytes, ready in {milliseconds:.0f} ms")
        assert milliseconds < 2000
        visit.page.evaluate(UNFOLD)
        assert visit.complaints == []
        strangers = [url for url in visit.asked if not url.startswith(("file:", "data:"))]
        assert strangers == []
        assert visit.asked.count(path.resolve().as_uri()) == 1
        notice = visit.page.locator(".kind").inner_text()
        assert ("Not for release" if kind == "analyst" else "disclosure profile") in notice
        assert visit.page.locator("h1").count() == 1


def _again(visit: Visit, timing: str) -> list[float]:
    """The same of two more visits: other work on the machine may slow one down."""
    times = []
    for _ in range(2):
        visit.asked.clear()
        visit.page.reload()
        times.append(visit.page.evaluate(timing))
    return times


@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.parametrize(("kind", "study"), BOTH)
def test_a_report_is_for_everybody(
    kind: str, study: str, width: int, browser: Browser, files: Files
) -> None:
    """axe finds nothing; nothing but a table's own region scrolls sideways; headings are in order;
    no id is used twice. Pages of both kinds are built alike, so that axe reads each in one width
    unless all is asked for."""
    with Visit(browser, files[kind, study], width) as visit:
        assert visit.page.evaluate(OVERFLOW) <= 0
        if IS_LONG or width == (1280 if kind == "analyst" else 360):
            assert _violations(visit.page) == []
        visit.page.evaluate(UNFOLD)
        assert visit.page.evaluate(OVERFLOW) <= 0
        levels = visit.page.eval_on_selector_all(
            "h1, h2, h3, h4, h5", "all => all.map(h => +h.tagName[1])"
        )
        assert levels[0] == 1
        assert all(b - a <= 1 for a, b in pairwise(levels))
        ids = visit.page.eval_on_selector_all("[id]", "all => all.map(e => e.id)")
        assert sorted(set(ids)) == sorted(ids)
        for table in visit.page.query_selector_all("table"):
            assert table.query_selector("caption")
            assert not table.query_selector("thead th:not([scope=col])")
            assert not table.query_selector("tbody tr:not(:has(th[scope=row]))")


def test_what_is_folded_is_for_everybody_too(browser: Browser, files: Files) -> None:
    """One report stands for all: tables in folds are alike, and axe takes long over many rows."""
    with Visit(browser, files["release", STUDIES[1]]) as visit:
        visit.page.evaluate(UNFOLD)
        assert _violations(visit.page) == []


def _violations(page: Page) -> list[tuple[str, str]]:
    """What axe finds: each rule with the first place where it is broken."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, options={"runOnly": WCAG}).response["violations"]
    return [(v["id"], v["nodes"][0]["html"][:200]) for v in found]


@pytest.mark.parametrize(("kind", "study"), BOTH)
def test_a_report_prints_whole(kind: str, study: str, browser: Browser, files: Files) -> None:
    """On A4 nothing runs over the edge, what is folded stands open, and the notice is there."""
    with Visit(browser, files[kind, study], 688) as visit:
        visit.page.emulate_media(media="print")
        visit.page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
        assert visit.page.evaluate(OVERFLOW) <= 0
        assert visit.page.locator("details.folded:not([open])").count() == 0
        assert visit.page.locator(".kind").is_visible()
        assert visit.page.pdf(format="A4").startswith(b"%PDF")


@pytest.mark.parametrize("key", ["click", "Enter", " "])
def test_tables_sort(key: str, browser: Browser, files: Files) -> None:
    with Visit(browser, files["analyst", "fact22"]) as visit:
        table = visit.page.locator("#t-group_outcomes_cem_caliper")
        header = table.locator("thead th", has_text="Cases")
        button = header.locator("button")

        def press() -> list[float]:
            button.click() if key == "click" else button.press(key)
            visit.page.wait_for_timeout(80)
            place = "tbody tr > :nth-child(3)"
            return table.locator(place).evaluate_all("all => all.map(c => +c.dataset.sort)")

        up = press()
        assert up == sorted(up)
        assert len(set(up)) > 1
        assert header.get_attribute("aria-sort") == "ascending"
        down = press()
        assert down == sorted(down, reverse=True)
        assert header.get_attribute("aria-sort") == "descending"
        assert table.locator("th[aria-sort]").count() == 1


@pytest.mark.parametrize(("kind", "study"), BOTH)
def test_downloads_hold_what_the_tables_show(
    kind: str, study: str, browser: Browser, files: Files, tmp_path: Path
) -> None:
    """Each CSV has a row per row, with the number, the text or the symbol that the page shows."""
    with Visit(browser, files[kind, study]) as visit:
        visit.page.evaluate(UNFOLD)
        names = visit.page.eval_on_selector_all("table", "all => all.map(t => t.id.slice(2))")
        assert len(names) > 5
        for number, name in enumerate(names):
            link = visit.page.locator(f'a[download="{name}.csv"]')
            text = unquote((link.get_attribute("href") or "").partition(",")[2])
            if number < DOWNLOADS:
                with visit.page.expect_download() as waiting:
                    link.click()
                target = tmp_path / f"{name}.csv"
                waiting.value.save_as(target)
                with target.open(encoding="utf-8", newline="") as file:
                    assert file.read() == text
            rows = list(csv.reader(io.StringIO(text)))[1:]
            cells = _cells(visit.page, name)
            assert len(rows) == len(cells) or (len(cells) in (100, 300) and len(rows) > len(cells))
            for row, shown in zip(rows, cells, strict=False):
                assert len(row) == len(shown)
                for value, cell in zip(row, shown, strict=True):
                    assert _same(value, cell), (name, value, cell)


def _cells(page: Page, name: str) -> list[list[dict[str, Any]]]:
    return page.eval_on_selector_all(
        f"#t-{name} tbody tr",
        "rows => rows.map(r => [...r.cells].map(c => "
        "({text: c.textContent, sort: c.dataset.sort ?? null, "
        "hidden: !!c.querySelector('abbr')})))",
    )


def _same(value: str, cell: dict[str, Any]) -> bool:
    if cell["hidden"]:
        return value == cell["text"] and len(value) == 1
    if cell["sort"] is not None and re.fullmatch(r"-?[\d.]+(e-?\d+)?|-?inf", value):
        return float(value) == float(cell["sort"])
    if re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        return value[:4] in cell["text"]
    if value in ("True", "False"):
        return cell["text"] == ("yes" if value == "True" else "no")
    return value.lstrip("'") == cell["text"].lstrip("'") or (value, cell["text"]) == (
        "",
        "\N{EN DASH}",
    )


@pytest.mark.parametrize(("kind", "study"), BOTH)
def test_every_figure_speaks_and_has_its_data(
    kind: str, study: str, browser: Browser, files: Files, tmp_path: Path
) -> None:
    with Visit(browser, files[kind, study]) as visit:
        figures = visit.page.locator("figure")
        for figure in figures.all():
            assert len(figure.locator("img").get_attribute("alt") or "") > 30
            assert figure.locator("figcaption").inner_text()
            assert figure.locator("details tbody tr").count() > 0
        if figures.count():
            with visit.page.expect_download() as waiting:
                figures.first.locator("button.link").click()
            waiting.value.save_as(tmp_path / "figure.svg")
            assert (tmp_path / "figure.svg").read_text(encoding="utf-8").startswith("<svg")


@pytest.mark.parametrize(("kind", "study"), BOTH)
def test_headlines_equal_the_tables(
    kind: Kind, study: str, browser: Browser, files: Files, current: Path
) -> None:
    """Each headline's numbers, read back from the page, are the primary estimates, rounded."""
    with Source(current, kind) as source:
        rows = source.table("effect_estimates", study_id=study, is_primary=True)
        labels = source.table("outcomes").set_index("outcome")["label"]
    with Visit(browser, files[kind, study]) as visit:
        told = {
            heading: visit.page.evaluate(
                "title => [...document.querySelectorAll('h3')].find(h => h.textContent == title)"
                ".nextElementSibling.querySelector('p').textContent",
                heading,
            )
            for heading in labels[rows["outcome"]].unique()
        }
        glances = {row[0]["text"]: row for row in _cells(visit.page, "primary_outcomes")}
    effects = rows[rows["term"] == "treated"]
    assert len(effects) == len(told) == len(glances) > 0
    for _, row in effects.iterrows():
        text = told[labels[row["outcome"]]]
        if row["disclosure"] != "shown":
            assert f"[{row['disclosure']}]" in text
            assert not re.search(r"\d", text.split(":")[0])
            continue
        own = rows[rows["analysis_id"] == row["analysis_id"]].set_index("term")["estimate"]
        scale = 100 if row["unit"] == "proportion" else 1
        numbers = [own.get("treated_mean"), own.get("comparator_mean"), row["estimate"]]
        numbers += [row["ci_low"], row["ci_high"]]
        glance = [cell["text"] for cell in glances[labels[row["outcome"]]]]
        shown_numbers = re.findall(r"[\d,]+\.\d", " ".join(glance[1:5]))
        wanted = [f"{abs(n) * scale:,.1f}" for n in numbers if n is not None and n == n]
        found = re.findall(r"[\d,]+\.\d", text.replace("95% confidence", ""))
        assert found == wanted
        assert shown_numbers == [*wanted[2:], *wanted[:2]]
        below = "fewer" if row["unit"] in ("weeks", "days") else "lower"
        assert text.count(below) == sum(n < 0 for n in numbers[2:])


@pytest.mark.parametrize(("kind", "study"), BOTH)
def test_tables_of_estimates_and_arms_equal_the_marts(
    kind: Kind, study: str, browser: Browser, files: Files, current: Path
) -> None:
    with Source(current, kind) as source:
        estimates = source.table("effect_estimates", study_id=study)
        groups = source.table("group_outcomes", study_id=study)
    with Visit(browser, files[kind, study]) as visit:
        shown_estimates = _cells(visit.page, "effect_estimates")
        samples = sorted(groups["sample"].unique())
        shown_groups = [row for s in samples for row in _cells(visit.page, f"group_outcomes_{s}")]
    effects = estimates[~estimates["term"].str.contains("_mean")]
    assert _rounded(effects["estimate"], effects["unit"]) == sorted(
        r[3]["text"] for r in shown_estimates if not r[3]["hidden"]
    )
    assert _rounded(groups["value"], groups["unit"], 1) == sorted(
        r[4]["text"] for r in shown_groups if not r[4]["hidden"]
    )
    assert sorted(f"{n:,}" for n in groups["n"].dropna().astype(int)) == sorted(
        r[2]["text"] for r in shown_groups if not r[2]["hidden"]
    )


def _rounded(values: Any, units: Any, digits: int = 2) -> list[str]:
    """The numbers as a table shows them, shares in per cent."""
    pairs = [
        (v * (100 if unit == "proportion" else 1))
        for v, unit in zip(values, units, strict=True)
        if v == v and v is not None
    ]
    texts = [f"{abs(v):,.{digits}f}" for v in pairs]
    return sorted(
        (MINUS if v < 0 and float(t.replace(",", "")) else "") + t
        for v, t in zip(pairs, texts, strict=True)
    )


def test_the_command_writes_the_page_its_pictures_and_its_tables(
    built: Project,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("CSC_PROJECT_DIR", str(built.path))
    out = tmp_path / "out"
    assert main(["report", "--study", "crewe", "--output", str(out)]) == 0
    assert str(out / "report.html") in capsys.readouterr().out
    tables = {path.stem: path for path in (out / "tables").glob("*.csv")}
    assert tables["effect_estimates"].read_text(encoding="utf-8").count("\n") > 5
    pictures = {path.stem for path in (out / "figures").glob("*.svg")}
    assert pictures == {path.stem for path in (out / "figures").glob("*.png")}
    assert {f"{name}-data" for name in pictures} <= set(tables)
    assert all(path.stat().st_mode & 0o077 == 0 for path in out.rglob("*"))
    assert main(["report", "--study", "no_such_study"]) == 2
    assert "it has" in (told := capsys.readouterr().err)
    assert "crewe" in told
    assert main(["report", "--output", str(out)]) == 2
    assert "--study" in capsys.readouterr().err

"""A small project in a temporary folder, with deliveries as the tests want them."""

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import yaml

from csc_outcomes.landing import FileOutcome, LandingReport, land

DEMONSTRATION_KEY = "ab" * 32
COLUMNS = {"child_id": "child_ref", "case_id": "case_ref", "plan_start_date": "opened"}
HEADER = "child_ref,case_ref,opened"


class Project:
    """Writes extracts below `folder`, lands them and reads back what landed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.extracts = folder / "extracts"
        self.landing = folder / "landing"
        self.extracts.mkdir(parents=True)
        (self.extracts / "demonstration.key").write_text(f"# public\n{DEMONSTRATION_KEY}\n")

    def deliver(
        self,
        content: str | bytes,
        la: str = "alpha",
        delivery: str = "2019-11",
        name: str = "cases.csv",
        delivery_keys: dict[str, Any] | None = None,
        **file_keys: Any,
    ) -> Path:
        """Writes a delivery of one file of cases; returns the path of the file."""
        folder = self.extracts / la / delivery
        folder.mkdir(parents=True, exist_ok=True)
        codes = {"alpha": "S01", "beta": "S02"}
        file = {"name": name, "holds": "cases", "columns": COLUMNS, **file_keys}
        document = {
            "la_code": codes[la],
            "la_name": f"Synthetic {la.title()}",
            "synthetic": True,
            "format": "case_list",
            "as_of_date": "2019-11-22",
            "files": [file],
            **(delivery_keys or {}),
        }
        (folder / "extract.yml").write_text(yaml.safe_dump(document))
        path = folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def land(self) -> LandingReport:
        return land(self.folder)

    def land_one(self) -> FileOutcome:
        (outcome,) = self.land().outcomes
        return outcome

    def rows(self, subfolder: str = "case_list__cases") -> list[dict[str, Any]]:
        rows = pq.read_table(self.landing / subfolder).to_pylist()
        return sorted(rows, key=lambda row: (row["file_key"], row.get("source_row_number", 0)))

    def files(self) -> list[Path]:
        return sorted(path for path in self.landing.rglob("*") if path.is_file())

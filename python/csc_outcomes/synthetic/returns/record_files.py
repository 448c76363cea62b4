"""Made-up children as the general records: one CSV file per kind, under the canonical headers."""

from pathlib import Path
from typing import Any

from csc_outcomes.landing.columns import RECORDS
from csc_outcomes.synthetic.returns.files import CsvTables
from csc_outcomes.synthetic.returns.lives import Child, Episode

KINDS = (
    *("children", "episodes", "assessments", "cin_plans", "section_47s", "cp_plans"),
    *("cp_reviews", "care_episodes", "families"),
)
UNUSED = {"children": ("has_disability",)}  # told by its codes
HEADERS = {
    kind: tuple(c.name for c in RECORDS[kind] if c.name not in UNUSED.get(kind, ()))
    for kind in KINDS
}


class RecordFiles:
    """A delivery of the general format; all that there is to tell."""

    def __init__(self, folder: Path) -> None:
        self._tables = CsvTables(folder, HEADERS)

    def add(self, child: Child) -> None:
        """Writes the records of a child."""
        self._write(
            "children",
            child_id=child.child_id,
            upn=child.upn,
            birth_date=child.birth,
            expected_birth_date=child.expected_birth,
            death_date=child.death,
            sex_code=child.sex,
            ethnicity_code=child.ethnicity,
            nationality=child.nationality,
            disability_codes=";".join(child.disabilities),
        )
        self._write("families", child_id=child.child_id, family_id=child.family_id)
        for number, episode in enumerate(child.episodes, 1):
            keys = {
                "child_id": child.child_id,
                "referral_id": f"R{child.child_id}{number}",
                "referral_date": episode.referral,
            }
            self._add_episode(keys, episode)
        self._add_care(child)

    def close(self) -> None:
        """Ends the files."""
        self._tables.close()

    def _add_episode(self, keys: dict[str, Any], e: Episode) -> None:
        self._write(
            "episodes",
            **keys,
            referral_source_code=e.source,
            is_nfa=int(bool(e.is_nfa)),
            primary_need_code=e.need,
            close_date=e.close,
            close_reason_code=e.close_reason,
            icpc_date=e.transfer_icpc,
        )
        for number, a in enumerate(e.assessments, 1):
            self._write(
                "assessments",
                **keys,
                assessment_id=f"{keys['referral_id']}A{number}",
                start_date=a.start,
                authorised_date=a.authorised,
                factor_codes=";".join(a.factors),
            )
        for plan in e.cin_plans:
            self._write("cin_plans", **keys, start_date=plan.start, end_date=plan.end)
        for number, s in enumerate(e.section_47s, 1):
            self._write(
                "section_47s",
                **keys,
                section_47_id=f"{keys['referral_id']}S{number}",
                start_date=s.start,
                icpc_target_date=s.icpc_target,
                icpc_date=s.icpc,
                is_icpc_not_required=int(s.is_icpc_not_required),
            )
        for number, p in enumerate(e.cp_plans, 1):
            plan_id = f"{keys['referral_id']}P{number}"
            self._write(
                "cp_plans",
                **keys,
                cp_plan_id=plan_id,
                start_date=p.start,
                end_date=p.end,
                initial_category_code=p.initial_category,
                latest_category_code=p.latest_category,
                n_previous_cp_plans=p.n_previous,
                is_other_authority=int(p.is_other_authority),
            )
            for review in p.reviews:
                self._write(
                    "cp_reviews",
                    child_id=keys["child_id"],
                    cp_plan_id=plan_id,
                    plan_start_date=p.start,
                    review_date=review,
                )

    def _add_care(self, child: Child) -> None:
        referrals = [episode.referral for episode in child.episodes]
        for number, period in enumerate(child.care, 1):
            place = referrals.index(period.referral) + 1
            for c in period.episodes:
                self._write(
                    "care_episodes",
                    child_id=child.child_id,
                    referral_id=f"R{child.child_id}{place}",
                    care_period_id=f"C{child.child_id}{number}",
                    start_date=c.start,
                    start_reason_code=c.start_reason,
                    legal_status_code=c.legal_status,
                    primary_need_code=c.need,
                    end_date=c.end,
                    end_reason_code=c.end_reason,
                )

    def _write(self, kind: str, **cells: Any) -> None:
        self._tables.write(kind, *(cells[name] for name in HEADERS[kind]))


def record_contract() -> list[dict[str, object]]:
    """The files of extract.yml."""
    return [
        {
            "name": f"{kind}.csv",
            "holds": kind,
            "columns": {name: name for name in HEADERS[kind]},
        }
        for kind in KINDS
    ]

"""`csc plan`: writes a study's plan from the configuration, and locks it."""

from __future__ import annotations

import argparse
import datetime
import sys
from pathlib import Path

from csc_outcomes.plan.detection import DRAW_SAMPLES
from csc_outcomes.plan.document import plan_text, read_study, study_ids
from csc_outcomes.plan.errors import PlanError
from csc_outcomes.plan.items import differences, present_plan
from csc_outcomes.plan.ledger import LEDGER, Version, append, locked_versions, new_version
from csc_outcomes.plan.texts import plan_path, replace_text
from csc_outcomes.project import ProjectNotFound, project_dir


def add_plan_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds `plan` to the subcommands of a parser; sets `run`."""
    plan = commands.add_parser(
        "plan", help="write a study's analysis plan before outcomes are looked at, and lock it"
    )
    plan.add_argument("--study", required=True, metavar="STUDY", help="a study_id of studies.csv")
    plan.add_argument("--lock", action="store_true", help="freeze the plan in study_plans.csv")
    plan.add_argument(
        "--amend", metavar="REASON", help="with --lock: a new version of a locked plan, and why"
    )
    plan.set_defaults(run=plan_command)


def plan_command(arguments: argparse.Namespace) -> int:
    """Writes or locks a plan; exit status 0 when it did, 2 when it could not."""
    try:
        project = project_dir()
        _check(project, arguments)
        if arguments.lock:
            message = lock(project, arguments.study, arguments.amend)
        else:
            message = write(project, arguments.study)
    except (PlanError, ProjectNotFound) as error:
        print(error, file=sys.stderr)
        return 2
    except OSError as error:
        print(f"{error.strerror}: {error.filename}", file=sys.stderr)
        return 2
    print(message)
    return 0


def _check(project: Path, arguments: argparse.Namespace) -> None:
    there = study_ids(project)
    if arguments.study not in there:
        raise PlanError(
            f"no study {arguments.study!r} in seeds/studies/studies.csv; "
            f"there are: {', '.join(there) or 'none'}"
        )
    if arguments.amend is not None and not arguments.lock:
        raise PlanError("--amend makes a new locked version: give --lock too")
    if arguments.amend is not None and not arguments.amend.strip():
        raise PlanError("--amend needs a reason in words: it stays beside the new version")


def write(project: Path, study_id: str) -> str:
    """Writes the draft of a plan; a locked plan is left alone. What was written, where, what
    next; raises PlanError."""
    versions = locked_versions(project, study_id)
    if versions:
        return _held_to(project, versions)
    path, still_open = _write_text(project, study_id, versions)
    return "\n".join(
        [
            f"Wrote {path}: a draft, nothing is locked.",
            *still_open,
            f"Read it, change seeds/ where it isn't what you mean, then: csc plan --study "
            f"{study_id} --lock",
        ]
    )


def lock(project: Path, study_id: str, amendment: str | None) -> str:
    """Locks the present configuration as the plan's first version, or as its next with a reason.
    What was written, where, what next; raises PlanError."""
    versions = locked_versions(project, study_id)
    present = present_plan(project, study_id)
    _check_lockable(versions, study_id, amendment)
    if not any(item.kind == "analysis" for item in present.items):
        raise PlanError(
            f"{study_id} has no analysis in seeds/studies/study_analyses.csv, so there is nothing "
            "to lock"
        )
    if versions and not differences(versions[-1].items, present):
        raise PlanError(f"{study_id} is as planned in version {len(versions)}: nothing to amend")
    reason = " ".join((amendment or "").split())
    today = datetime.date.today().isoformat()
    version = new_version(study_id, present.items, versions, today, reason)
    append(project, version)
    path, still_open = _write_text(project, study_id, [*versions, version])
    return "\n".join(
        [
            f"Locked the plan of {study_id} as version {version.number}: {len(version.items)} "
            f"items in {LEDGER.as_posix()}, plan hash {version.plan_hash}.",
            f"Wrote {path}.",
            *still_open,
            "Commit both before anyone looks at an outcome. From the next `dbt build` on, "
            "fct_plan_deviations holds the study to them.",
        ]
    )


def _check_lockable(versions: list[Version], study_id: str, amendment: str | None) -> None:
    if versions and amendment is None:
        latest = versions[-1]
        raise PlanError(
            f"the plan of {study_id} is locked since {latest.locked_on} (version {latest.number}); "
            f"nothing was written. To change it, say why: csc plan --study {study_id} --lock "
            '--amend "REASON"; earlier versions stay'
        )
    if amendment is not None and not versions:
        raise PlanError(f"{study_id} has no locked plan to amend: leave out --amend")


def _held_to(project: Path, versions: list[Version]) -> str:
    """What there is to say of a locked plan; its text is written again where it is missing."""
    latest = versions[-1]
    found = differences(latest.items, present_plan(project, latest.study_id))
    path = plan_path(project, latest.study_id)
    since = f"is locked since {latest.locked_on} (version {latest.number})"
    if found:
        listed = "\n".join(f"  - {difference}" for difference in found)
        raise PlanError(
            f"the plan of {latest.study_id} {since}, and the configuration is another now:\n"
            f"{listed}\nNothing was written. Take these back, or amend the plan: csc plan --study "
            f'{latest.study_id} --lock --amend "REASON"'
        )
    if not path.exists():
        _write_text(project, latest.study_id, versions)
        return f"The plan of {latest.study_id} {since}; wrote its text to {path} again."
    return f"The plan of {latest.study_id} {since}, and the configuration is as planned: see {path}"


def _write_text(project: Path, study_id: str, versions: list[Version]) -> tuple[Path, list[str]]:
    """Writes the text; its path, and a line on each sample whose size isn't known."""
    study = read_study(project, study_id, versions)
    path = plan_path(project, study_id)
    replace_text(path, plan_text(study))
    return path, [
        f"What sample {sample.name} can detect is left open: {sample.source}. To draw it without "
        f"estimating anything: {DRAW_SAMPLES}"
        for sample in study.samples
        if not sample.arms
    ]

"""The case lists of a made-up nation as files: one delivery of each authority."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from csc_outcomes.synthetic.days import NEVER, IntArray
from csc_outcomes.synthetic.extract import LIST_SEPARATOR, write_contract
from csc_outcomes.synthetic.finish import NEEDS, OTHER_ETHNICITIES, OTHER_NATIONALITIES
from csc_outcomes.synthetic.nation import UNKNOWN, Columns, draw_cases
from csc_outcomes.synthetic.nation_facts import Authority, Nation

ID_DIGITS = 8
WARDS = ("North", "East", "South", "West", "Central")
DAYS = {  # canonical column: drawn column
    "birth_date": "birth",
    "referral_date": "referral",
    "plan_start_date": "start",
    "closure_date": "close",
    "programme_start_date": "entry",
    "programme_end_date": "exit",
    "first_cp_date_during": "cp_during",
    "first_cp_date_after": "cp_after",
    "first_lac_date_during": "lac_during",
    "first_lac_date_after": "lac_after",
}
CODES = {
    "sex_code": ("sex", ("F", "M")),
    "ethnicity_code": ("ethnicity", ("WBRI", *OTHER_ETHNICITIES)),
    "nationality": ("nationality", ("British", *OTHER_NATIONALITIES)),
    "ward": ("ward", WARDS),
    "primary_need_code": ("need", NEEDS),
}
COUNTS = {
    "n_siblings_under_18": "siblings",
    "n_previous_referrals": "referrals",
    "n_cp_escalations": "n_cp",
    "n_lac_escalations": "n_lac",
}


def write_authority(nation: Nation, authority: Authority, landing_zone: Path) -> None:
    """Writes an authority's case list and its extract.yml under `landing_zone`; the same facts,
    seed and size give the same bytes, whatever is written before, after or at the same time."""
    extract, folder = nation.extract(authority), landing_zone / authority.folder
    write_contract(extract, folder)
    columns = _canonical(draw_cases(nation, authority), authority)
    table = pa.table({header: columns[name] for name, header in extract.columns.items()})
    with (folder / extract.file_name).open("wb") as stream:
        stream.write((",".join(extract.columns.values()) + "\n").encode())
        csv.write_csv(table, stream, csv.WriteOptions(include_header=False, quoting_style="none"))


def _canonical(cases: Columns, authority: Authority) -> dict[str, pa.Array]:
    programmes = [one.programme_id for one in authority.programmes]
    coded = CODES | {"programme_id": ("programme", programmes)}
    return (
        {"child_id": _ids("CH", cases["child"]), "case_id": _ids("CS", cases["case"])}
        | {"arm": pa.array((cases["entry"] != NEVER).astype(np.int8))}
        | {name: _days(cases[drawn]) for name, drawn in DAYS.items()}
        | {name: _texts(cases[drawn], texts) for name, (drawn, texts) in coded.items()}
        | {name: _counts(cases[drawn]) for name, drawn in COUNTS.items()}
        | {"rereferral_dates": _joined(cases["while_open"], cases["again"])}
    )


def _ids(prefix: str, numbers: IntArray) -> pa.Array:
    """Prefix and zero-padded number, laid out as Arrow text directly: formatting one by one would
    take longer than all the rest."""
    width = len(prefix) + ID_DIGITS
    characters = np.empty((len(numbers), width), dtype=np.uint8)
    characters[:, : len(prefix)] = np.frombuffer(prefix.encode(), dtype=np.uint8)
    rest = numbers.astype(np.int32)
    for place in range(width - 1, len(prefix) - 1, -1):
        rest, digit = np.divmod(rest, 10)
        characters[:, place] = digit + ord("0")
    offsets = np.arange(len(numbers) + 1, dtype=np.int32) * width
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(characters)]
    return pa.StringArray.from_buffers(len(numbers), *buffers[1:])


def _days(days: IntArray) -> pa.Array:
    return pa.array(days.astype(np.int32), mask=days == NEVER).cast(pa.date32())


def _counts(counts: IntArray) -> pa.Array:
    return pa.array(counts.astype(np.int16), mask=counts == UNKNOWN)


def _texts(codes: IntArray, texts: Sequence[str]) -> pa.Array:
    indices = pa.array(codes.astype(np.int8), mask=codes == UNKNOWN)
    return pa.DictionaryArray.from_arrays(indices, pa.array(texts)).dictionary_decode()


def _joined(first: IntArray, second: IntArray) -> pa.Array:
    """Both days, where there are both, the earlier one first."""
    later = np.where(first == second, NEVER, np.maximum(first, second))
    texts = [_days(days).cast(pa.string()) for days in (np.minimum(first, second), later)]
    both = pc.binary_join_element_wise(*texts, LIST_SEPARATOR)
    return pc.coalesce(both, texts[0])

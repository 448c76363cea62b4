-- The counts that the release tables of quality show, each once, and what the sums
-- over them leave.
{{ release_cells(ref('int_release_parts_quality')) }}

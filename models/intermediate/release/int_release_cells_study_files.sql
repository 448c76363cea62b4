-- The counts that the release tables of study files show, each once, and what the sums
-- over them leave.
{{ release_cells(ref('int_release_parts_study_files')) }}

-- Every record of the factors of an assessment, where they come apart from it, and what becomes of
-- it.
{{ records_with_fates('assessment_factors') }}

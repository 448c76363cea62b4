-- Every record of an episode of need and what becomes of it.
{{ records_with_fates('episodes') }}

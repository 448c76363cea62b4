-- Every record of an episode of care and what becomes of it.
{{ records_with_fates('care_episodes') }}

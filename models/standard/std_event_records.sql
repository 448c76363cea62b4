-- Every record of an event that no outcome rests on yet and what becomes of it.
{{ records_with_fates('events') }}

"""The analysis plan of a study: written from the configuration before any outcome is looked at,
and locked."""

"""Great Expectations over the standard tables, inside dbt's own process and connection."""

"""A build whose SQL runs on Spark and whose Python runs on DuckDB, in turns: see docs/spark.md."""

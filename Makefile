# Two commands: `make build` from nothing to results, `make test` for the whole test suite.
# On Windows see the same steps in README.md.

PYTHON ?= python3.11
BIN := .venv/bin

# sqlfluff, which spends a third of its time collecting garbage that there is hardly any of.
SQLFLUFF := "import gc; gc.set_threshold(200_000); from sqlfluff.cli.commands import cli; cli()"

.PHONY: build report test test-faults test-promises test-spark lint clean

# Builds the whole warehouse from the extracts in extracts/ and prints the summary.
build: .venv/.installed
	$(BIN)/dbt build

# Writes the report of every study, for analysts and for release, to reports/.
report: .venv/.installed
	$(BIN)/csc report
	$(BIN)/csc report --release

# Runs every test; needs nothing but Python.
test: .venv/.installed-dev
	$(BIN)/pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder $(PYTEST_ARGUMENTS)

# Builds killed, broken and starved, hostile and damaged files, planted names, in their long form.
test-faults: .venv/.installed-dev
	CSC_LONG=1 $(BIN)/pytest -s tests/faults $(PYTEST_ARGUMENTS)

# Every promise of docs/promises.md in its long form, with the figures: takes an hour or two.
test-promises: test-faults
	CSC_LONG=1 $(BIN)/pytest -s $(PROMISES:%=tests/python/test_%.py) $(PYTEST_ARGUMENTS)

PROMISES := deliveries disclosure forgetting landing_identifiers outcome_rules publish

# What needs Spark, in an environment of its own; needs Java 17. About 1,000 CPU seconds.
test-spark: .venv-spark/.installed
	.venv-spark/bin/pytest $(SPARK_TESTS:%=tests/python/test_%.py)

SPARK_TESTS := spark_casts spark_turns two_engines

# Checks style and types of SQL and Python.
lint: .venv/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -c $(SQLFLUFF) lint --processes 2 models tests/singular analyses

# Exactly the locked packages, checked against their hashes. They are complete, so pip need not look for more.
.venv/.installed: requirements.txt pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes --requirement requirements.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

.venv/.installed-dev: .venv/.installed requirements-dev.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes --requirement requirements-dev.txt
	touch $@

.venv-spark/.installed: requirements-spark.txt requirements-dev.txt pyproject.toml
	$(PYTHON) -m venv .venv-spark
	.venv-spark/bin/pip install --quiet --disable-pip-version-check --no-deps --require-hashes --requirement requirements-spark.txt
	.venv-spark/bin/pip install --quiet --disable-pip-version-check --no-deps --require-hashes --requirement requirements-dev.txt
	.venv-spark/bin/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

# Removes everything that a build makes; extracts, keys and certificates stay.
clean:
	rm -rf .venv .venv-spark landing warehouse published reports spark target logs

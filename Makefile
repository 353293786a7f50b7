# Two commands to begin with: `make demo` shows the bridge at work, `make test` proves it.
# Each makes its own environment in .venv first; nothing else of the machine is touched.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

# Where it is set, each of the many processes that tests and benchmarks start would compile all modules anew.
export PYTHONDONTWRITEBYTECODE =

.PHONY: demo test torture check format bench clean

demo: $(VENV)/installed
	@$(BIN)/bridge demo $(ARGS)

test: check
	@$(BIN)/pytest --numprocesses 2 --dist loadfile $(ARGS)

# The long runs: make torture ROUNDS=1000. docs/reliability.md has the last results.
ROUNDS ?= 100
torture: $(VENV)/tested
	@BRIDGE_TEST_ROUNDS=$(ROUNDS) $(BIN)/pytest --capture no tests/torture/torture_*.py $(ARGS)

check: $(VENV)/tested
	$(BIN)/black --check .
	$(BIN)/isort --check .
	$(BIN)/flake8
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/tested
	$(BIN)/isort --quiet .
	$(BIN)/black --quiet .

# Minutes, on a machine that does nothing else. What each measures: docs/performance.md.
BENCHMARKS ?= route check test_command help accept end_to_end latency large serve postgres
bench: $(VENV)/tested
	@for name in $(BENCHMARKS); do $(BIN)/python benchmarks/$$name.py || exit 1; done

clean:
	rm -rf $(VENV) build *.egg-info

$(VENV)/installed: setup.cfg pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Bridge needs Python 3.11 or newer: make PYTHON=python3.12 …" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(PIP) --editable .
	@touch $@

$(VENV)/tested: $(VENV)/installed
	$(PIP) --editable '.[test,postgres]'
	@touch $@

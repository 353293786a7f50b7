# Two commands to begin with: `make demo` shows the bridge at work, `make test` proves it.
# Each makes its own environment in .venv first; nothing else of the machine is touched.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: demo test check format bench clean

demo: $(VENV)/installed
	@$(BIN)/bridge demo $(ARGS)

test: check
	@$(BIN)/pytest --numprocesses 2 --dist loadfile $(ARGS)

check: $(VENV)/tested
	$(BIN)/black --check .
	$(BIN)/isort --check .
	$(BIN)/flake8
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/tested
	$(BIN)/isort --quiet .
	$(BIN)/black --quiet .

bench: $(VENV)/installed
	@for name in route check help; do $(BIN)/python benchmarks/$$name.py || exit 1; done

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

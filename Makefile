# To begin with: `make install`, then `. .venv/bin/activate`. `make demo` shows the bridge at work, `make test` proves it.
# All of it happens in .venv; nothing else of the machine is touched.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

# Where it is set, each of the many processes that tests and benchmarks start would compile all modules anew.
export PYTHONDONTWRITEBYTECODE =

.PHONY: install demo test programs test-sdk explore walk torture check format bench release clean

install: $(VENV)/installed
	@echo "Bridge is in $(VENV). For this terminal: . $(VENV)/bin/activate"

demo: $(VENV)/installed
	@$(BIN)/bridge demo $(ARGS)

test: check programs
	@$(BIN)/pytest --numprocesses 2 --dist loadfile $(ARGS)

# What a server has around a bridge is tested for real: nginx, Caddy, PgBouncer, Prometheus' promtool, systemd's analyzer; and a browser.
# On a CI machine whose root this is they are installed; elsewhere nothing is, and tests name what they were skipped for.
PROGRAMS := chromium nginx caddy pgbouncer prometheus systemd
programs:
	@missing=$$(for name in $(PROGRAMS); do dpkg-query -W $$name >/dev/null 2>&1 || echo $$name; done); \
	if [ -z "$$missing" ]; then :; \
	elif [ "$$CI" = true ] && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "installing what a server has around a bridge:" $$missing; \
		{ apt-get update -qq && DEBIAN_FRONTEND=noninteractive timeout 300 \
			apt-get install -qq -y --no-install-recommends $$missing; } >/dev/null 2>&1 || \
			echo "cannot be installed, so not tried:" $$missing; \
	else echo "not tried, for it is not installed (apt install puts it there):" $$missing; fi

# New examples for every property, where make test tries the same ones each time: run it before a release.
explore: $(VENV)/tested
	@HYPOTHESIS_PROFILE=patient $(BIN)/pytest --numprocesses 2 --dist loadfile -m hypothesis $(ARGS)

# Asks the senders' own packages, in an environment of its own: what cannot be installed is named, and not asked.
SDK := $(VENV)/sdk
SDK_PIP := $(SDK)/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
SDK_NAMES := from importlib.metadata import requires; \
	print(*(one.partition(";")[0] for one in requires("bridge") if one.endswith("== \"sdk\"")), sep="\n")
# Packages of npm that hold payloads; they are fetched and unpacked, and nothing of them is run.
SDK_CORPORA := @octokit/webhooks-examples @octokit/webhooks-definitions @adyen/api-library
test-sdk: $(SDK)/installed
	@$(SDK)/bin/pytest tests/providers/test_providers_sdks.py tests/providers/test_providers_corpora.py $(ARGS)
	@$(SDK)/bin/python tests/providers/agreement.py
	@$(SDK)/bin/python tests/docs/sender_pages.py

# A newcomer's way for real, from README to a server that survives a reboot: in a fresh Debian of its own with a running
# systemd. Needs root, debootstrap and systemd-container, and packages out of the index; what cannot be tried is named.
walk: $(VENV)/tested
	@$(BIN)/pytest --capture no tests/walk/walk_*.py $(ARGS)

# The long runs: make torture ROUNDS=1000. docs/reliability.md has the last results.
ROUNDS ?= 100
torture: $(VENV)/tested
	@BRIDGE_TEST_ROUNDS=$(ROUNDS) BRIDGE_TEST_MOVED=10000 $(BIN)/pytest --capture no \
		tests/torture/torture_*.py tests/worker/test_worker_moved.py $(ARGS)

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
BENCHMARKS ?= route check test_command help find accept end_to_end latency large serve postgres trips
bench: $(VENV)/tested
	@for name in $(BENCHMARKS); do $(BIN)/python benchmarks/$$name.py || exit 1; done

# What is published of a version, in dist/, and checks of it; publishes nothing. docs/releasing.md says the rest.
release: $(VENV)/release/installed
	@$(VENV)/release/bin/python release/build.py

clean:
	rm -rf $(VENV) build dist *.egg-info

# An environment of its own: what builds a release is no part of it.
$(VENV)/release/installed: setup.cfg
	@echo "installing what builds a release into $(VENV)/release: a minute or so …"
	@$(PYTHON) -m venv $(VENV)/release
	@$(VENV)/release/bin/python -c 'import configparser as c; p = c.ConfigParser(); p.read("setup.cfg"); \
		print(p["options.extras_require"]["release"])' >$(VENV)/release/wanted.txt
	@$(VENV)/release/bin/python -m pip install --quiet --disable-pip-version-check --requirement $(VENV)/release/wanted.txt
	@touch $@

$(VENV)/installed: setup.cfg pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Bridge needs Python 3.11 or newer: make PYTHON=python3.12 …" >&2; exit 1; }
	@echo "making an environment in $(VENV) …"
	@$(PYTHON) -m venv $(VENV)
	@echo "installing Bridge and the packages that it needs into $(VENV): a minute or so …"
	@$(PIP) --editable .
	@touch $@

$(SDK)/installed: setup.cfg pyproject.toml constraints.txt
	@echo "installing the senders' own packages into $(SDK): a few minutes …"
	@$(PYTHON) -m venv $(SDK)
	@$(SDK_PIP) --editable '.[test]'
	@$(SDK)/bin/python -c '$(SDK_NAMES)' | while read -r name; do \
		$(SDK_PIP) "$$name" || echo "cannot be installed: $$name"; done
	@$(SDK_PIP) --no-deps 'fintoc>=2.26' || echo "cannot be installed: fintoc"
	@rm -rf $(SDK)/corpora
	@for name in $(SDK_CORPORA); do \
		( mkdir -p "$(SDK)/corpora/$$name" && cd "$(SDK)/corpora/$$name" && \
		file=$$(npm pack --silent "$$name") && tar -xzf "$$file" --strip-components 1 && rm "$$file" ) || \
		echo "cannot be fetched: $$name"; done
	@touch $@

$(VENV)/tested: $(VENV)/installed
	@echo "installing what tests and checks need into $(VENV): two minutes or so …"
	@$(PIP) --editable '.[test,postgres]'
	@touch $@

# The verbs: demo, test, check, bench, clean. Each installs what it needs into .venv and starts from nothing but
# python3 (3.11 or newer) and make; a second call installs nothing. Another interpreter: make test PYTHON=python3.12

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e
NEEDS := $(BIN)/python pyproject.toml constraints.txt

.PHONY: demo test check bench clean peers
.NOTPARALLEL:

# Trains Go 5x5 for about three minutes, plays a tournament, draws pictures under runs/, opens the window.
demo: $(VENV)/installed
	$(BIN)/rl-lab demo

# All tests, on two cores.
test: $(VENV)/installed-dev
	$(BIN)/python -m pytest -n 2

# Style, types, and which floor imports which.
check: $(VENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Speed beside other implementations, which are installed for it.
bench: peers
	$(BIN)/rl-lab bench

# The outside implementations that some tests and the benchmark compare with; without them those tests are skipped.
peers: $(VENV)/installed-peers

# Caches only: runs/ and .venv stay.
clean:
	rm -rf build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -not -path "./$(VENV)/*" -prune -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "rl-lab needs Python 3.11 or newer")'
	@echo "Making $(VENV) ..."
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

$(VENV)/installed: $(NEEDS)
	@echo "Installing the lab into $(VENV); this takes minutes the first time ..."
	@$(INSTALL) .
	@touch $@

$(VENV)/installed-dev: $(NEEDS)
	@echo "Installing the lab and its test tools into $(VENV); this takes minutes the first time ..."
	@$(INSTALL) '.[dev]'
	@touch $@

$(VENV)/installed-peers: $(NEEDS)
	@echo "Installing the lab, its test tools and its peers into $(VENV); this takes minutes the first time ..."
	@$(INSTALL) '.[dev,peers]'
	@touch $@ $(VENV)/installed-dev

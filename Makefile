# What a developer runs, and CI. Each environment is made and filled as it is needed.

PYTHON = python3
VENV = .venv
BIN = $(VENV)/bin
LOCK = tests/constraints.txt

.PHONY: setup quick test reference lock lowest newest pythons release

setup: $(VENV)/.filled

# The second variable is for newer pips, which build with no constraint that is not named for it.
$(VENV)/.filled: pyproject.toml $(LOCK)
	$(PYTHON) -m venv $(VENV)
	PIP_CONSTRAINT=$(LOCK) PIP_BUILD_CONSTRAINT=$(LOCK) $(BIN)/pip install -q -e '.[dev]'
	touch $@

define check
$(BIN)/ruff check
$(BIN)/ruff format --check
$(BIN)/mypy
endef

# Half a minute: what starts no server, no process and walks no tree.
quick: setup
	$(check)
	$(BIN)/python -m pytest -q -n 2 -m quick

# Every check and test, and how much of the code they run; half their time they wait, so four run
# on two cores.
test: setup
	$(check)
	$(BIN)/coverage run -m pytest -n 4 --dist worksteal
	$(BIN)/coverage combine -q
	$(BIN)/coverage report

# Man pages and completions, from the command tree.
reference: setup
	$(BIN)/python -m dpsctl.reference

# The newest version of everything, for every Python and system that dpsctl runs on.
lock: setup
	$(BIN)/uv pip compile -q --upgrade --universal --python-version 3.11 --extra dev \
	    --custom-compile-command 'make lock' -o $(LOCK) pyproject.toml

# The quick tests with the lowest version of each dependency that pyproject.toml allows.
lowest: setup
	$(BIN)/uv venv -q --clear .venvs/lowest
	$(BIN)/uv pip install -q --python .venvs/lowest --resolution lowest-direct -e '.[dev]'
	.venvs/lowest/bin/python -m pytest -q -n 2 -m quick

# `make test` with the newest version of each dependency, whatever the lock says.
newest:
	rm -rf .venvs/newest
	$(MAKE) test VENV=.venvs/newest LOCK=

# Every test on each Python that is on PATH or that pyenv has.
PYENV = $(subst $() ,,$(addsuffix :,$(wildcard $(HOME)/.pyenv/versions/*/bin)))
FIND = PATH='$(PYENV)'"$$PATH" $(BIN)/uv python find --system --no-python-downloads
pythons: setup
	@for version in 3.11 3.12 3.13 3.14; do \
	    python=$$($(FIND) $$version 2> /dev/null) || \
	        { echo "Python $$version is skipped: it is not on this machine"; continue; }; \
	    $(MAKE) setup VENV=.venvs/$$version PYTHON=$$python || exit; \
	    .venvs/$$version/bin/python -m pytest -q -n 4 --dist worksteal || exit; \
	done

# The files of a release, in dist/.
release: setup
	rm -rf dist
	$(BIN)/python -m hatchling build
	$(BIN)/python -m twine check --strict dist/*
	$(BIN)/python -m dpsctl factory dist/dpsctl-keys.pyz -o none

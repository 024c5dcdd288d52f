PYTHON ?= python3
VENV := .venv
# The environment as users need it, and with the packages for tests and documents.
INSTALLED := $(VENV)/.installed
READY := $(VENV)/.ready
# The most seconds for a test, with its fixtures.
TIMEOUT := 600

.PHONY: help demo test nightly fuzz crawl browse lint docs audit bench
.DELETE_ON_ERROR:

help:
	@echo 'make demo    crawl a made-up site, which comes with the project, into news-demo/'
	@echo 'make test    run the tests'
	@echo 'make nightly run the tests with many kills, days of simulation and other random examples'
	@echo 'make fuzz    search for input that breaks the parsers (SECONDS=300 for each)'
	@echo 'make crawl   crawl the real site into news/'
	@echo 'make browse  serve news/ for a web browser (ARCHIVE=news-demo for the demo)'
	@echo 'make lint    run ruff, mypy and import-linter'
	@echo 'make docs    generate a web site from docs/ in build/docs/'
	@echo 'make audit   ask the package index whether a pinned release was withdrawn'
	@echo 'make bench   measure speed against baselines in the same run'

PIP := $(VENV)/bin/python -m pip --disable-pip-version-check

# Both are pinned by constraints.txt, and updated whenever that or pyproject.toml changes. pip's
# output becomes one line with the number of packages. `finews` was the name of this package before.
$(INSTALLED): WHAT := --editable '.[extraction]'
$(READY): WHAT := --no-compile --editable '.[test]'
$(INSTALLED) $(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "finews needs Python 3.11 or later; run make PYTHON=...")'
	@rm -f $@
	@echo 'Installing Python packages in $(VENV) (about 200 MB, a minute or two) ...'
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) uninstall --quiet --quiet --yes finews && rm -rf finews.egg-info
	@{ $(PIP) install --constraint constraints.txt $(WHAT) && touch $(INSTALLED) $@; } | \
	    $(PYTHON) -uc 'import sys; n = 0; [ \
	        print(f"\r  {(n := n + 1)} packages fetched", end="") \
	        if line.lstrip().startswith("Collecting") \
	        else line.startswith("Installing") and print("; installing ...", end="") \
	        for line in sys.stdin]; print()'
	@test -e $@

demo: $(INSTALLED)
	@$(VENV)/bin/finews demo

test: $(READY)
	$(VENV)/bin/python -m pytest --timeout $(TIMEOUT) --numprocesses auto --dist loadfile --no-loadscope-reorder $(TESTS)

nightly: $(READY)
	FINEWS_KILLS=102 FINEWS_CLUSTER_KILLS=20 FINEWS_CLUSTER_WAIT_SECONDS=600 FINEWS_BACKUPS=500 FINEWS_SIMULATED_HOURS=80 FINEWS_ALL_ADDRESSES=1 FINEWS_ALL_BENCHES=1 \
	    FINEWS_ALL_CONTAINERS=1 FINEWS_ALL_THINGS=1 FINEWS_AS_OF_PAIRS=10000 \
	    $(VENV)/bin/python -m pytest --timeout 14400 --hypothesis-profile random \
	    tests/archive tests/crawler tests/faults tests/bench tests/cluster/test_kills.py tests/cluster/test_workers.py \
	    tests/deploy/test_engine.py

fuzz: $(READY)
	$(VENV)/bin/python -m tests.fuzz $(or $(SECONDS),300)

crawl: $(INSTALLED)
	$(VENV)/bin/finews crawl finews

browse: $(INSTALLED)
	$(VENV)/bin/finews browse $(or $(ARCHIVE),news)

lint: $(READY)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

docs: $(READY)
	$(VENV)/bin/mkdocs build

audit: $(READY)
	$(VENV)/bin/python -m tests.audit

bench: $(READY)
	$(VENV)/bin/python -m bench.whole_crawl
	$(VENV)/bin/python -m bench.growth
	$(VENV)/bin/python -m bench.extraction
	$(VENV)/bin/python -m bench.edits
	$(VENV)/bin/python -m bench.revisits
	$(VENV)/bin/python -m bench.search
	$(VENV)/bin/python -m bench.relevance
	$(VENV)/bin/python -m bench.pages
	$(VENV)/bin/python -m bench.importing
	$(VENV)/bin/python -m bench.checking
	$(VENV)/bin/python -m bench.publishing
	$(VENV)/bin/python -m bench.cluster

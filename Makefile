PYTHON ?= python3
VENV := .venv
READY := $(VENV)/.ready
# Seconds for a test, with its fixtures.
TIMEOUT := 600

.PHONY: help demo test nightly fuzz crawl browse lint docs audit bench
.DELETE_ON_ERROR:

help:
	@echo 'make demo    crawl the bundled made-up site into news-demo/, without the internet'
	@echo 'make test    run the tests'
	@echo 'make nightly the tests with many kills, days of simulation and other random examples'
	@echo 'make fuzz    look for input that breaks the readers (SECONDS=300 for each)'
	@echo 'make crawl   crawl the real site into news/'
	@echo 'make browse  look at news/ in the browser (ARCHIVE=news-demo: at the demo'"'"'s)'
	@echo 'make lint    ruff, mypy and import-linter'
	@echo 'make docs    make a web site of docs/, in build/docs/'
	@echo 'make audit   ask the package index whether a pinned release was withdrawn'
	@echo 'make bench   measure, against baselines in the same run'

# Pinned by constraints.txt; made again whenever that or pyproject.toml changes.
$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "finews needs Python 3.11 or later; say make PYTHON=...")'
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[test]'
	touch $@

demo: $(READY)
	$(VENV)/bin/python -m demo

test: $(READY)
	$(VENV)/bin/python -m pytest --timeout $(TIMEOUT) --numprocesses auto --dist loadfile --no-loadscope-reorder $(TESTS)

nightly: $(READY)
	FINEWS_KILLS=102 FINEWS_BACKUPS=500 FINEWS_SIMULATED_HOURS=80 FINEWS_ALL_ADDRESSES=1 FINEWS_ALL_BENCHES=1 \
	    FINEWS_ALL_CONTAINERS=1 \
	    $(VENV)/bin/python -m pytest --timeout 14400 --hypothesis-profile random \
	    tests/archive tests/crawler tests/faults tests/bench \
	    tests/deploy/test_engine.py

fuzz: $(READY)
	$(VENV)/bin/python -m tests.fuzz $(or $(SECONDS),300)

crawl: $(READY)
	$(VENV)/bin/python -m scrapy crawl finews

browse: $(READY)
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
	$(VENV)/bin/python -m bench.fast_settings
	$(VENV)/bin/python -m bench.stages
	$(VENV)/bin/python -m bench.compare
	$(VENV)/bin/python -m bench.growth
	$(VENV)/bin/python -m bench.captures
	$(VENV)/bin/python -m bench.extraction
	$(VENV)/bin/python -m bench.crawls
	$(VENV)/bin/python -m bench.search
	$(VENV)/bin/python -m bench.pages
	$(VENV)/bin/python -m bench.load
	$(VENV)/bin/python -m bench.importing
	$(VENV)/bin/python -m bench.checking
	$(VENV)/bin/python -m bench.publishing
	$(VENV)/bin/python -m bench.cluster
	$(VENV)/bin/python -m bench.scale

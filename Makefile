# Everything runs in .venv, created from requirements.txt; `make` alone lists the targets.
PYTHON ?= python3
PROFILE ?= sample
CORES ?= 2
ENV := .venv
BIN := $(ENV)/bin
READY := $(ENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help env reproduce test test-slow lab chapter train book pdf benchmark clean

help:           ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(READY): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11, 5) <= sys.version_info < (3, 13))' \
		|| { echo "error: Python 3.11 (3.11.5 or newer) or 3.12 is required; set its path with PYTHON=…"; exit 1; }
	$(PYTHON) -m venv $(ENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $(READY)

env: $(READY)   ## create the environment in .venv

reproduce: env  ## execute the study and build its book (PROFILE=sample, or full on PTB-XL)
	$(BIN)/ecglib reproduce --profile $(PROFILE) --cores $(CORES)

test: env       ## check style and imports, run the tests (TESTS= passes files or options to pytest)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(CORES) --dist loadfile -m "not slow" $(TESTS)

test-slow: env  ## run the tests that take long: the sample study, PTB-XL
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(CORES) --dist loadfile -m slow $(TESTS)

lab: env        ## open the chapters in JupyterLab on the sample profile
	$(BIN)/ecglib lab --cores $(CORES)

chapter: env    ## execute one chapter after making what it needs (CHAPTER=05)
	$(BIN)/ecglib execute $(CHAPTER) --profile $(PROFILE) --cores $(CORES)

train: env      ## train a model on PTB-XL with one more seed (MODEL=compact_16_patient SEED=7)
	$(BIN)/ecglib train $(MODEL) --seed $(SEED)

book: env       ## build the published book from the committed chapters, no training
	$(BIN)/ecglib book

pdf: env        ## build the published book as one PDF (requires Chromium or Chrome)
	$(BIN)/ecglib pdf

benchmark: env  ## print speed, memory and size ratios (requires PTB-XL)
	@for file in benchmarks/*.py; do $(BIN)/python $$file || exit 1; done

clean:          ## remove build outputs, but not data, trainings or the environment
	rm -rf _build .snakemake

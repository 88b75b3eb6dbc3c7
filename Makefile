# Everything runs in .venv, made at the first call and again when its recipe changes.
PORT ?= 8866
DATABASE := sqlite:///$(CURDIR)/.demo/opsnb.db
MANAGER := ada@contoso.example

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready
WORKS := $(shell $(BIN)/python -c 'import pip; print("yes")' 2>/dev/null)
BENCH_READY := $(VENV)/bench
TEMPLATE := $(wildcard src/opsnb/serve/template/*)
AS_ROOT := $(if $(filter 0,$(shell id -u)),--allow-root)

# Much of a test is waiting, for a server or a page, so four processes keep two cores busy; tests/support/scheduling.py
# says which tests each runs. The longest come first, so that no process is left with one of them at the end.
TOGETHER := --no-loadscope-reorder

.PHONY: help demo lab test test-postgres16 test-other-days soak bench bench-report bench-viewers check notebooks screenshots clean

help:
	@echo "make demo    make a demo database and serve it at http://127.0.0.1:$(PORT)/  (another port: PORT=...)"
	@echo "make lab     open the notebooks in JupyterLab on the demo, as its manager"
	@echo "make test    every test: unit, integration, notebooks, browser"
	@echo "make test-postgres16    unit and integration tests on PostgreSQL 16 alone"
	@echo "make test-other-days    the tests without a browser on other dates, faked by faketime: an hour (DATES='+8d leap-day')"
	@echo "make test-fresh    make demo and make test on a bare Debian 12 and 13, made with debootstrap; as root (see scripts/fresh -h)"
	@echo "make soak    triage, workers and the server under load and under kills, with the full numbers: some minutes"
	@echo "make bench   how fast opsnb is on ten million runs, against the raw driver and peers (SIZE=1m SUBJECT=lists)"
	@echo "make bench-report  the tables and plots of docs/performance.md, out of the newest results of make bench"
	@echo "make bench-viewers  20 viewers for five minutes, then 200 against room for 20: times and memory"
	@echo "make check   formatting, lint, types and every test"
	@echo "make notebooks    run the notebooks on the seeded demo and keep their outputs"
	@echo "make screenshots  take the pictures of the documentation anew"
	@echo "make clean   remove .venv, the demo and what tools left behind"

demo: $(READY)
	@mkdir -p .demo
	@exec $(BIN)/opsnb demo --database "$(DATABASE)" --port $(PORT)

lab: $(READY) .demo/opsnb.db
	@exec $(BIN)/opsnb lab --database "$(DATABASE)" --actor $(MANAGER) $(AS_ROOT)

.demo/opsnb.db: | $(READY)
	@mkdir -p .demo
	@$(BIN)/opsnb demo --database "$(DATABASE)" --no-serve

test: $(READY)
	@CHROMIUM="$$(scripts/chromium)" && OPSNB_TEST_PGBOUNCER="$$(scripts/pgbouncer)" && \
		export CHROMIUM OPSNB_TEST_PGBOUNCER && \
		exec $(BIN)/python -m pytest -n 4 $(TOGETHER) tests/browser tests/notebooks tests/integration tests/unit

test-postgres16: $(READY)
	@OPSNB_TEST_PGBOUNCER="$$(scripts/pgbouncer)" && export OPSNB_TEST_PGBOUNCER && \
		OPSNB_TEST_POSTGRES=16 exec $(BIN)/python -m pytest tests/unit tests/integration

test-other-days: $(READY)
	@exec $(BIN)/python scripts/other-days $(DATES) $(TESTS) -- -n 3 $(TOGETHER)

.PHONY: test-fresh
test-fresh:
	@scripts/fresh

soak: $(READY)
	@OPSNB_TEST_SOAK=1 exec $(BIN)/python -m pytest --timeout=900 --durations=0 --durations-min=1 \
		tests/integration/test_triage_contention.py tests/integration/test_triage_killed.py tests/integration/test_worker.py \
		tests/integration/test_serve_many.py tests/integration/test_serve_soak.py \
		tests/integration/test_serve_hostile.py tests/integration/test_serve_files.py

bench: $(BENCH_READY)
	@CHROMIUM="$$(scripts/chromium)" && export CHROMIUM && \
		exec $(BIN)/python -m benchmarks --size $(or $(SIZE),10m) $(if $(SUBJECT),--subject $(SUBJECT))

bench-report: $(READY)
	@$(BIN)/python -m benchmarks.report

bench-viewers: $(READY)
	$(BIN)/python benchmarks/viewers.py
	$(BIN)/python benchmarks/viewers.py --cap

check: $(READY)
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	@$(MAKE) test

notebooks: $(READY)
	$(BIN)/python scripts/notebooks

screenshots: $(READY)
	@CHROMIUM="$$(scripts/chromium)" && export CHROMIUM && OPSNB_TEST_KEEP_SCREENSHOTS=1 $(BIN)/python -m pytest -q tests/browser/test_screenshots.py

clean:
	rm -rf $(VENV) .demo .test build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis

# The template is copied into the environment, where plain voila finds it; so a change of it is installed anew.
.PHONY: FORCE
$(READY): pyproject.toml constraints.txt $(TEMPLATE) $(if $(WORKS),,FORCE)
	@scripts/environment $(VENV)

$(BENCH_READY): $(READY)
	@echo "Installing what opsnb is compared with into $(VENV) ..."
	@$(BIN)/python -m pip install --disable-pip-version-check -c constraints.txt --group bench
	@touch $@

# Certhia's recipes. `make` alone lists them. Everything they fetch and build stays in this folder:
# .venv (the project's environment), .cache (uv, wheels, crates), target (Rust), dist, site.

PYTHON ?= $(shell scripts/find-python)
JOBS ?= 2
SECONDS ?= 60
KILLS ?= 100
DEMO ?=
TEST_INSTALL ?=

export UV_CACHE_DIR := $(CURDIR)/.cache/wheels
export UV_PROJECT_ENVIRONMENT := $(CURDIR)/.venv
export UV_PYTHON_DOWNLOADS := never
export UV_SYSTEM_CERTS := true
export UV_NO_PROGRESS := true
export UV_COMPILE_BYTECODE := 1
export CARGO_HOME ?= $(CURDIR)/.cache/cargo
export CARGO_TARGET_DIR := $(CURDIR)/target
export PYO3_PYTHON := $(CURDIR)/.venv/bin/python
export NO_MKDOCS_2_WARNING := 1
export TEST_INSTALL

UV := .cache/uv/bin/uv
BIN := .venv/bin
RUST := Cargo.toml Cargo.lock $(shell find crates/certhia-core crates/certhia-py -name '*.rs' -o -name Cargo.toml)

.PHONY: help demo test coverage kills lint format bench fuzz soak wheel docs reference lock clean
.DELETE_ON_ERROR:

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: .venv/ready ## build Certhia and let it follow a small world of logs for 60 s (DEMO=forever: until Ctrl-C)
	@$(BIN)/certhia demo $(if $(filter forever,$(DEMO)),--forever)

test: .venv/ready ## every test, Python's and Rust's (TEST_INSTALL=1 installs what tests need)
	@scripts/test-needs
	@status=0; \
	$(BIN)/pytest -n $(JOBS) --dist worksteal --durations 25 || status=1; \
	cargo test --workspace --locked --quiet || status=1; \
	exit $$status

coverage: .venv/ready ## the Python tests with the floor under coverage
	@scripts/test-needs
	$(BIN)/pytest -n $(JOBS) --dist worksteal --cov --cov-report=term --no-cov-on-fail

kills: .venv/ready ## a sender of webhooks killed KILLS=100 times, its receivers failing one time in three: nothing lost
	CERTHIA_KILLS=$(KILLS) $(BIN)/pytest -n 0 -q tests/e2e/test_webhook.py

lint: .venv/ready ## formatting, lint, types, the core's stub, workflows
	@scripts/find-rust clippy rustfmt
	@status=0; run() { echo "$$*"; "$$@" || status=1; }; \
	run $(BIN)/ruff check; \
	run $(BIN)/ruff format --check; \
	run $(BIN)/mypy; \
	run $(BIN)/python -m mypy.stubtest certhia._core; \
	run cargo fmt --all --check; \
	run cargo clippy --workspace --all-targets --locked --quiet -- -D warnings; \
	run $(BIN)/python scripts/licences.py --check; \
	run $(BIN)/zizmor --offline --quiet .github/workflows; \
	exit $$status

format: .venv/ready ## put Python and Rust into the house's format
	$(BIN)/ruff check --fix-only
	$(BIN)/ruff format
	cargo fmt --all

bench: .venv/ready ## CPU, rate and memory of our own process, as a table and as JSON (benches/out)
	$(BIN)/python benches/run.py $(ARGS)

fuzz: .venv/ready ## every parser of the core against mutated input, SECONDS=60 each
	@scripts/fuzz $(SECONDS) $(ARGS)

soak: .venv/ready ## 45 ill logs for 10 min (SECONDS=3600), killed KILLS=100 times: nothing lost, nothing grown; ARGS=stream: ill clients
	$(BIN)/python benches/soak.py --kills $(KILLS) $(if $(filter command,$(origin SECONDS)),--seconds $(SECONDS)) $(ARGS)

wheel: .venv/ready ## a wheel in dist/, tried in an empty environment
	@scripts/wheel

docs: .venv/ready ## the manual in site/; a warning is an error
	$(BIN)/mkdocs build --strict --quiet
	@echo "site/index.html"

reference: .venv/ready ## write the tables of docs/reference and docs/faults.md anew from the code
	$(BIN)/python scripts/reference.py
	$(BIN)/python scripts/faults.py

lock: $(UV) ## pin anew what pyproject.toml asks for (uv.lock)
	$(UV) lock --python "$(PYTHON)"

clean: ## remove all that was built or fetched
	rm -rf .venv .cache target dist site .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage .coverage.* benches/out
	find src -name '*.so' -delete
	find src tests scripts benches -name __pycache__ -type d -prune -exec rm -rf {} +

# uv in an environment of its own, pinned by version and hash.
$(UV): scripts/uv.txt
	@python="$(PYTHON)"; scripts/find-rust && scripts/get-uv "$$python"

# Python's side is installed editable, so only the lock and the Rust sources make it stale.
.venv/ready: $(UV) uv.lock pyproject.toml $(RUST)
	@scripts/find-rust
	@echo "Building Certhia in this folder: a minute or two the first time, seconds later on"
	@$(UV) sync --locked --quiet --python "$(PYTHON)"
	@touch $@

# Everything a person needs: make demo, make test, make bench, make clean. The rest are their parts.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
PORT ?= 8000
SANDBOX_PORT ?= 8090
SANDBOX_TLS_PORT ?= 8443
PY := .venv/bin/python
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help demo test bench chaos clean build lint types test-python test-addin system tools lock

help:
	@echo "make demo    everything on this machine, nothing to configure (PORT, SANDBOX_PORT, SANDBOX_TLS_PORT, RESET=1)"
	@echo "make test    all that CI runs"
	@echo "make bench   benchmarks as ratios; writes var/bench.json"
	@echo "make chaos   the long chaos run (SEED=1, OPERATIONS=500)"
	@echo "make clean   removes what the others made"

# What must be there already; says which is missing.
tools:
	@missing=""; \
	for tool in python3 node npm curl; do command -v $$tool >/dev/null || missing="$$missing $$tool"; done; \
	[ -z "$$missing" ] || { echo "Please install:$$missing (Python >= 3.11 with venv, Node 20.19+ or 22.12+, curl)"; exit 1; }; \
	python3 -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed, this is " + sys.version.split()[0])'; \
	python3 -c 'import venv, ensurepip' 2>/dev/null || { echo "Please install: python3-venv (Python comes here without its venv module)"; exit 1; }; \
	node -e 'const [a,b]=process.versions.node.split(".").map(Number); if(!(a>22||(a===22&&b>=12)||(a===20&&b>=19))){console.error("Node 20.19+ or 22.12+ is needed, this is "+process.versions.node);process.exit(1)}'

.venv/runtime: backend/locks/runtime.txt pyproject.toml | tools
	@[ -x $(PY) ] || python3 -m venv .venv
	@echo "Installing the Python packages ..."
	@$(PY) -m pip install -q --require-hashes -r backend/locks/runtime.txt
	@$(PY) -m pip install -q --no-deps --no-build-isolation -e .
	@touch $@

.venv/dev: backend/locks/dev.txt .venv/runtime
	@echo "Installing what the tests need ..."
	@$(PY) -m pip install -q --require-hashes -r backend/locks/dev.txt
	@touch $@

addin/node_modules/.package-lock.json: addin/package-lock.json addin/package.json | tools
	@echo "Installing the Node packages ..."
	@cd addin && npm ci --no-audit --no-fund --loglevel=error && touch node_modules/.package-lock.json

# The pane, built and laid where the package serves it from.
ADDIN := $(shell find addin/src addin/assets addin/docs addin/public -type f 2>/dev/null) $(wildcard addin/*.html addin/*.ts addin/*.json)
backend/roombooker/pane/taskpane.html: addin/node_modules/.package-lock.json $(ADDIN)
	@echo "Building the pane ..."
	@cd addin && npm run --silent build
	@rm -rf backend/roombooker/pane && cp -r addin/dist backend/roombooker/pane && touch $@

backend/roombooker/manifest.xml: manifest.xml
	@cp manifest.xml $@

build: .venv/runtime backend/roombooker/pane/taskpane.html backend/roombooker/manifest.xml

demo: build
	@exec .venv/bin/roombooker demo --port $(PORT) --sandbox-port $(SANDBOX_PORT) --sandbox-tls-port $(SANDBOX_TLS_PORT) $(if $(RESET),--reset) $(if $(TLS),--tls)

# Chromium and PostgreSQL for the tests, from the system's packages where we may install them.
system:
	@missing=""; \
	command -v chromium >/dev/null || missing="$$missing chromium"; \
	ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$$missing postgresql"; \
	command -v redis-server >/dev/null || missing="$$missing redis-server"; \
	if [ -n "$$missing" ]; then \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    echo "Installing$$missing ..."; apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $$missing >/dev/null; \
	  else echo "Please install:$$missing (for example: sudo apt-get install$$missing)"; exit 1; fi; \
	fi

lint: .venv/dev
	.venv/bin/ruff check backend tests
	.venv/bin/ruff format --check backend tests
	.venv/bin/lint-imports

types: .venv/dev
	.venv/bin/mypy

test-addin: build
	cd addin && npm run --silent typecheck && npm test --silent && npm run --silent size

test-python: build .venv/dev system
	.venv/bin/pytest -n 2 --dist loadfile -m "not chaos"
	.venv/bin/pytest -m chaos  # alone: what it kills and how long that takes to heal is its own

test: tools build .venv/dev system lint types test-addin test-python

bench: build .venv/dev system
	$(PY) -m tests.bench

chaos: build .venv/dev system
	$(PY) -m tests.chaos --seed $(or $(SEED),1) --operations $(or $(OPERATIONS),500)

# For maintainers: resolve the locks afresh (needs uv).
lock:
	.venv/bin/uv pip compile -q pyproject.toml --extra build --extra redis --extra sandbox --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --python-version 3.11 --universal -o backend/locks/runtime.txt
	.venv/bin/uv pip compile -q pyproject.toml --extra dev -c backend/locks/runtime.txt --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --python-version 3.11 --universal -o backend/locks/dev.txt

clean:
	rm -rf .venv var addin/node_modules addin/dist backend/roombooker/pane backend/roombooker/manifest.xml backend/*.egg-info build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find backend tests -name __pycache__ -type d -prune -exec rm -rf {} +

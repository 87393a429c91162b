# `make run` starts the provider and a demo client; `make test` is what the build server runs.

DATA        ?= data
PORT        ?= 8000
CLIENT_PORT ?= 8001
VENV        := .venv
BIN         := $(VENV)/bin
NODE        := tests/clients/node
# Which Python makes the environment; the newest one found, unless given.
PYTHON      ?=

.DEFAULT_GOAL := help
.PHONY: help run test soak lint audit coverage bench risk-report screenshots requirements asvs clean

help:
	@echo 'make run           start the provider on :$(PORT) and a demo client on :$(CLIENT_PORT)'
	@echo '                   (DATA=folder PORT=number CLIENT_PORT=number)'
	@echo 'make test          install what the tests need, check everything, run all tests'
	@echo 'make soak          run what the tests run for seconds for an hour (ARGS=--operations=...)'
	@echo 'make lint          style, types and layers only'
	@echo 'make coverage      show that no branch of idp/policy is without a test'
	@echo 'make bench         measure the cost of each operation'
	@echo 'make risk-report   write docs/risk.md: what the score does to a simulated population'
	@echo 'make screenshots   take the pictures under docs/ again'
	@echo 'make requirements  write docs/requirements.md: which test proves which section'
	@echo 'make asvs          show what proves each requirement of OWASP ASVS 5.0 chapter V6'
	@echo 'make clean         remove what make made, but no data'

# The environment is made once, and again only when pyproject.toml changes.
$(VENV)/.installed: pyproject.toml
	@echo 'Installing into $(VENV) (once) ...'
	@python='$(PYTHON)'; \
	for name in python3.14 python3.13 python3.12 python3.11 python3; do \
	    [ -z "$$python" ] || break; \
	    "$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && python=$$name; \
	done; \
	if [ -z "$$python" ]; then echo 'Python 3.11 or newer is needed.' >&2; exit 1; fi; \
	"$$python" -c 'import ensurepip, venv' 2>/dev/null || sh tests/install_system_packages.sh venv; \
	[ -x $(BIN)/pip ] || "$$python" -m venv --clear --upgrade-deps $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.tested: $(VENV)/.installed
	@echo 'Installing what the tests need ...'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	@touch $@

$(NODE)/node_modules/.installed: $(NODE)/package.json
	@sh tests/install_system_packages.sh tests
	@cd $(NODE) && npm install --no-package-lock --no-audit --no-fund --loglevel=error
	@touch $@

run: $(VENV)/.installed
	@exec $(BIN)/idp demo --data-dir '$(DATA)' --port $(PORT) --client-port $(CLIENT_PORT)

lint: $(VENV)/.tested
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

coverage: $(VENV)/.tested
	$(BIN)/coverage run --branch --source=idp.policy --data-file=$(VENV)/.coverage \
	    -m pytest -n 0 -q tests/policy tests/judgement
	$(BIN)/coverage report --show-missing --fail-under=100 --data-file=$(VENV)/.coverage

audit: $(VENV)/.tested
	$(BIN)/python -m tests.audit_dependencies

# The last line is pytest's own summary. Hundreds of processes read the program: compiled once.
test: export PYTHONDONTWRITEBYTECODE =
test: $(VENV)/.tested $(NODE)/node_modules/.installed lint audit
	@sh tests/install_system_packages.sh tests
	@$(BIN)/python -m pytest -n auto --dist loadgroup $(ARGS)

soak: $(VENV)/.tested
	@sh tests/install_system_packages.sh tests
	@$(BIN)/python -m tests.machines.soak $(ARGS)

bench: $(VENV)/.tested
	@sh tests/install_system_packages.sh tests
	@$(BIN)/python -m bench

risk-report: $(VENV)/.tested
	@$(BIN)/python -m tests.population

screenshots: $(VENV)/.tested $(NODE)/node_modules/.installed
	@sh tests/install_system_packages.sh tests
	@$(BIN)/python -m tests.screenshots

requirements: $(VENV)/.tested
	@$(BIN)/python -m tests.requirements_page

asvs: $(VENV)/.tested
	@$(BIN)/python -m tests.asvs

clean:
	rm -rf $(VENV) $(NODE)/node_modules build dist *.egg-info
	rm -rf .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

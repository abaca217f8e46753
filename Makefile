.DEFAULT_GOAL := help
SHELL := /bin/bash

# Any Python 3 can set the environments up; with none, uv brings one.
PYTHON ?= $(or $(shell command -v python3.13),$(shell command -v python3),uv run --no-project --python 3.13 python)
DEV := .venv/bin/python
STACK ?=
export STACK

.PHONY: help
help: ## Show this list
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: setup
setup: ## Make the environments that are missing or out of date
	@$(PYTHON) -m local.environments

.PHONY: run
run: setup ## Start the local stack, or bring a running one up to date (DETACH=1 returns when it is ready; STACK=name for another one)
	@exec $(DEV) -m local run $(if $(DETACH),--detach)

.PHONY: stop
stop: ## Stop the local stack, keeping its data
	@$(PYTHON) -m local.stop

.PHONY: reset
reset: ## Stop the local stack and throw its data away
	@$(PYTHON) -m local.stop --reset

.PHONY: lock
lock: ## Compile the hash-locked requirement files from pyproject.toml (UPGRADE=1 takes the newest versions)
	@$(PYTHON) -m local.lock $(if $(UPGRADE),--upgrade)

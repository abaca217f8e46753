.DEFAULT_GOAL := help
SHELL := /bin/bash

# Any Python 3 can set the environments up; with none, uv brings one.
PYTHON ?= $(or $(shell command -v python3.13),$(shell command -v python3),uv run --no-project --python 3.13 python)
DEV := .venv/bin/python
SAM := .local/envs/sam/bin
# Another local stack beside the usual one: make run STACK=name
STACK ?= default
export STACK
export SAM_CLI_TELEMETRY := 0
# What make deploy and its like work on.
ENV ?= dev
FOLDER := .local$(if $(filter-out default,$(STACK)),/$(STACK))
# Two runs: the mocks of the first ones must not reach the second, which talk to an emulator.
QUICK = $(wildcard tests/unit tests/api)
SLOW = $(wildcard tests/stack tests/conformance tests/browser)

.PHONY: help
help: ## Show this list
	@awk -F':.*## ' '/^[a-z-]+:.*## / {gsub(/\$$\$$/, "$$", $$2); printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: setup
setup: ## Make the environments that are missing or out of date
	@$(PYTHON) -m local.environments

.PHONY: run
run: setup ## Start the local stack, or bring a running one up to date (DETACH=1: in the background; LIVE=1: package from its sources; CONTAINERS=1: containers reach it)
	@exec $(DEV) -m local run $(if $(DETACH),--detach) $(if $(LIVE),--live) $(if $(CONTAINERS),--containers $(CONTAINERS))

.PHONY: stop
stop: ## Stop the local stack; its data is kept
	@$(PYTHON) -m local.stop

.PHONY: reset
reset: ## Stop the local stack and delete its data
	@$(PYTHON) -m local.stop --reset

.PHONY: logs
logs: ## Follow what the functions of the local stack print
	@tail -n 50 -F $(FOLDER)/log/functions.log

.PHONY: env
env: ## Print the settings that point aws, sam and boto3 at the local stack: eval "$$(make -s env)"
	@$(DEV) -m local env

.PHONY: admin
admin: ## Administer tenants and tokens on the local stack: make admin ARGS="--help"
	@settings=$$($(DEV) -m local env) && eval "$$settings" && exec $(DEV) -m switchyard.admin $(ARGS)

.PHONY: invoke
invoke: ## Invoke one function of the local stack: make invoke FUNCTION=PlanningListTracks EVENT=events/planning/list_tracks.json
	@settings=$$($(DEV) -m local env) && eval "$$settings" && \
	  sed -e "s/Bearer TOKEN/Bearer $$SWITCHYARD_TOKEN/" -e "s/sy_TOKEN/$$SWITCHYARD_TOKEN/" -e "s/WORKSPACE/$$SWITCHYARD_WORKSPACE/" $(EVENT) > $(FOLDER)/event.json && \
	  exec sam remote invoke $(FUNCTION) --stack-name switchyard --event-file $(FOLDER)/event.json

.PHONY: local-env
local-env: ## Write what plain sam build, sam local invoke and sam local start-api need to know of the running stack
	@$(DEV) -m local local-env

.PHONY: local-api
local-api: setup ## Serve the API by sam local start-api and check it; skipped where there is no container engine
	@$(DEV) -m local local-api

.PHONY: test
test: setup lint ## Run every check and every test
	@echo "unit and API tests run beside the others and are told after them: .local/quick.log"
	@mkdir -p .local
	@$(DEV) -m pytest -n auto $(QUICK) $(ARGS) > .local/quick.log 2>&1 & quick=$$!; \
	  $(DEV) -m pytest $(SLOW) $(ARGS); slow=$$?; wait $$quick; quick=$$?; \
	  cat .local/quick.log; exit $$((slow ? slow : quick))

.PHONY: unit
unit: setup ## Run the tests that need no stack
	@$(DEV) -m pytest -n auto $(QUICK) $(ARGS)

.PHONY: rights
rights: setup ## Run the API's tests, which fail when a role allows more or less than they use
	@$(DEV) -m pytest -n auto tests/api $(ARGS)

.PHONY: stack
stack: setup ## Run the tests that start a local stack of their own
	@$(DEV) -m pytest $(SLOW) $(ARGS)

.PHONY: lint
lint: setup ## Check style, types, layering and the template
	@$(DEV) -m local.lint

.PHONY: bench
bench: setup ## Measure the local stack: make bench ARGS="--help"
	@exec $(DEV) -m bench $(ARGS)

.PHONY: openapi
openapi: setup ## Write what is made from the endpoints: docs/openapi.json, the template's routes, $$default's table, MCP's tool list
	@$(DEV) -m switchyard.openapi $(ARGS)

.PHONY: docs
docs: setup ## Build the documents as a site into .local/html (SERVE=1: serve it while they are written)
	@exec $(DEV) -m local.site $(if $(SERVE),serve)

.PHONY: build
build: setup ## Build the functions and the layer for AWS (arm64)
	@$(DEV) -m local build

.PHONY: preflight
preflight: setup ## Say what the account lacks for make deploy ENV=…
	@exec $(DEV) -m release preflight $(ENV) $(if $(SET),--set '$(SET)')

.PHONY: deploy
deploy: setup ## Deploy to an environment of samconfig.toml: make deploy ENV=dev (YES=1: no questions; BAKE=60: seconds to watch it; WAIT=600: seconds for its smoke test)
	@exec $(DEV) -m release deploy $(ENV) $(if $(SET),--set '$(SET)') $(if $(YES),--yes) $(if $(BAKE),--bake $(BAKE)) $(if $(WAIT),--wait $(WAIT)) $(ARGS)

.PHONY: smoke
smoke: setup ## Try every surface of a deployed environment once: make smoke ENV=dev
	@exec $(DEV) -m release smoke $(ENV) $(if $(WAIT),--wait $(WAIT))

.PHONY: verify-aws
verify-aws: setup ## Try what the emulator does not have against a deployed environment (PLAN=1: only say what)
	@exec $(DEV) -m release verify $(ENV) $(if $(PLAN),--plan)

.PHONY: destroy
destroy: setup ## Take an environment down; says what stays, and why: make destroy ENV=dev
	@exec $(DEV) -m release destroy $(ENV)

.PHONY: lock
lock: ## Compile the locked requirement files from pyproject.toml (UPGRADE=1: to the newest versions)
	@$(PYTHON) -m local.lock $(if $(UPGRADE),--upgrade)

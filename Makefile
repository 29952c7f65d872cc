PYTHON ?= python3
VENV := .local/venv
RUN := $(VENV)/bin/python -m
PIN := uv pip compile --quiet --universal --fork-strategy fewest --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-header --no-annotate
LOCK := $(PIN) --extra pgmq --extra kafka --extra debezium --group shop --group devstack

SEED ?=
MINUTES ?= 2
BROKER ?= pgmq

.PHONY: help demo chaos stack test bench limits lint lock clean environment

help:  ## show this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## */  make \1\t/' | expand -t 16

demo:  ## watch an order become an event, a service take over, and a crash lose nothing (ARGS=--help for more)
	@$(PYTHON) devstack/bootstrap.py
	@$(RUN) devstack.demo $(ARGS)

chaos: environment  ## faults by a seeded schedule while the shop sells, then proof (SEED=1 MINUTES=2 BROKER=pgmq|rabbitmq|kafka)
	@$(RUN) devstack.chaos --minutes $(MINUTES) --broker $(BROKER) $(if $(SEED),--seed $(SEED))

stack: environment  ## run PostgreSQL, RabbitMQ, Kafka and Kafka Connect until Ctrl-C (needs Java and Maven)
	@$(RUN) devstack.stack $(ARGS)

test: environment  ## run the tests (ARGS="-k outbox" for some)
	@mkdir -p .local/tmp
	@TMPDIR=$(CURDIR)/.local/tmp env -u PYTHONDONTWRITEBYTECODE $(RUN) pytest $(ARGS)  # it starts hundreds of processes

bench: environment  ## measure it beside its limits and its peers, about 40 minutes (QUICK=1: under five)
	@$(PYTHON) devstack/bootstrap.py --with peers
	@mkdir -p .local/tmp
	@TMPDIR=$(CURDIR)/.local/tmp $(RUN) benchmarks $(if $(filter-out 0,$(QUICK)),--quick) $(ARGS)

limits: environment  ## try what the kit does at its edges, about 80 minutes (ARGS="--minutes 5" without a broker: 20)
	@mkdir -p .local/tmp
	@TMPDIR=$(CURDIR)/.local/tmp $(RUN) benchmarks.limits $(ARGS)

lint: environment  ## check style, formatting, types and the direction of imports
	$(RUN) ruff check
	$(RUN) ruff format --check
	$(RUN) mypy strangler benchmarks/harness benchmarks/limits
	$(VENV)/bin/lint-imports

lock:  ## compile requirements/*.txt again from pyproject.toml (needs uv; ARGS=--upgrade for newer versions)
	$(LOCK) $(ARGS) --group test pyproject.toml --output-file requirements/test.txt
	$(LOCK) --constraint requirements/test.txt pyproject.toml --output-file requirements/demo.txt
	$(PIN) $(ARGS) --group peers --no-emit-package docopt pyproject.toml --output-file requirements/peers.txt

clean:  ## stop what still runs from this folder and remove .local
	@if [ -x $(VENV)/bin/python ]; then $(RUN) devstack.stop .local; fi
	rm -rf .local

environment:
	@$(PYTHON) devstack/bootstrap.py --with test

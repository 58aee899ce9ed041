SHELL := /bin/bash
.DEFAULT_GOAL := help
NODE_MAJOR := $(shell node -p 'process.versions.node.split(".")[0]' 2>/dev/null)
export PATH := $(CURDIR)/tools/node_modules/.bin:$(PATH)

TOOLS := tools/node_modules/.package-lock.json
MODULES := node_modules/.modules.yaml
JEST := NODE_OPTIONS='--experimental-vm-modules --disable-warning=ExperimentalWarning' node_modules/.bin/jest

.PHONY: help setup generate check test test-slow e2e e2e-each e2e-long e2e-newest test-databases kubernetes million browser api-fuzz fuzz attack smuggling chaos soak images manifests bench run run-smoke

help: ## what can be done here
	@awk -F ':.*## ' '/^[a-z][a-z0-9-]*:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(TOOLS): tools/package-lock.json
	@command -v npm >/dev/null || { echo 'npm is needed once, to fetch Node 24 and pnpm: install Node 20 or newer'; exit 1; }
	npm ci --prefix tools --ignore-scripts $(if $(filter 24,$(NODE_MAJOR)),--omit=optional)
	@touch $@

$(MODULES): $(TOOLS) pnpm-lock.yaml pnpm-workspace.yaml package.json $(wildcard packages/*/package.json services/*/package.json)
	pnpm install --frozen-lockfile
	@touch $@

setup: $(MODULES) ## install all that a fresh clone needs (the other targets call it)

generate: setup ## regenerate the code and the documents that follow from the contract and the configuration schema
	pnpm generate
	node scripts/docs/configuration.ts
	node scripts/docs/metrics.ts
	node scripts/docs/autoscaling.ts
	node scripts/house/generate.ts
	node_modules/.bin/biome format --write biome.rooms.json

check: setup ## format, lint, types, dead code, contract: all that is known without running (under 30 s)
	scripts/check.sh

test: setup ## what needs no Trino and little time: units, storage on SQLite, each service and the suite against a scripted Trino
	$(JEST) --selectProjects test

test-slow: setup ## the tests that take long by design (*.slow.test.ts): restarts, outages, memory, package scripts
	$(JEST) --selectProjects slow

e2e: setup ## two real Trino 476, the three processes, alone and two of each on MySQL and PostgreSQL, seven real clients, kills; PAIRS=some takes a sample
	-node scripts/trino/main.ts fetch --archive # once: halves each start
	$(JEST) --selectProjects real --runInBand --testTimeout 900000

e2e-each: setup ## make e2e file by file, so that no file hides another, and its record; REPORTS=folder keeps reports, and goes on where a run ended
	-node scripts/trino/main.ts fetch --archive
	node scripts/e2e/each.ts

e2e-long: setup ## the cases of make e2e that name large numbers, with these (500 races, 1,000,000 guesses …): an hour or two; its record; ONLY=attacks,raw
	-node scripts/trino/main.ts fetch --archive
	node scripts/e2e/each.ts --full

e2e-newest: setup ## the protocol's cases and the clients on the newest Trino (483, assembled once), with and without process-forwarded; its record
	node scripts/e2e/newest.ts

test-databases: setup ## the storage contract on real MySQL, MariaDB and PostgreSQL, and each taken away for a while
	node scripts/databases/test-databases.ts

kubernetes: setup ## scalers and discovery against a real Kubernetes API server with etcd, built once (needs Go, else they are skipped)
	$(JEST) --selectProjects kubernetes --runInBand --testTimeout 600000

million: setup ## lists and purge with a million rows of history: by an index, in less than 100 ms (for a quiet machine)
	node services/gatewayserver/tests/million/main.ts

browser: setup ## Swagger UI in a real Chromium: that of CHROMIUM, of PATH, or Debian's, fetched once
	node scripts/browser/test-api-page.ts

api-fuzz: setup ## schemathesis against the OpenAPI document, for 40 seconds or FUZZ_SECONDS=n
	node scripts/api-fuzz/main.ts $(FUZZ_SECONDS)

fuzz: setup ## readers of HTTP/1.1 against Node's own parser: CASES=n SEED=n; appends to bench/FUZZ.md; FIRST=n begins with that case
	node scripts/fuzz/main.ts

attack: setup ## two minutes of what attackers try: entry points and ways around authentication, bounds, malicious clusters, an open API
	node scripts/attack/main.ts

smuggling: setup ## a table of 420 cases of request smuggling against the router and, beside it, nginx; keeps packages/e2e/smuggling/RESULTS.md
	node scripts/smuggling/main.ts

run-smoke: setup ## is make run what the README says?
	node scripts/run/smoke/main.ts

chaos: setup ## 3 minutes, or MINUTES=n, in which everything is killed in turn while clients wait and run; SEED=n draws the same again, ENGINE=postgres|mysql|mariadb
	node scripts/chaos/main.ts

soak: setup ## 2 minutes, or MINUTES=n, of all that clients do, then none: what it took goes back; SEED=n repeats it
	node scripts/soak/main.ts

images: setup ## the steps of the Dockerfile in a folder, and each service started from it (needs no container engine)
	node scripts/deploy/check-image.ts

manifests: setup ## every base and overlay of Kubernetes, rendered: valid, hardened, and what the processes need
	$(JEST) --selectProjects manifests

bench: setup ## compare with nginx, haproxy and direct in one run; appends to bench/RESULTS.md
	node bench/main.ts

run: setup ## the suite with BACKENDS=http://a:8080,…, or what CONFIG=FILE declares, or two small sample clusters
	node scripts/run/main.ts

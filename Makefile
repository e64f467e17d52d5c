# hashyard: `make run` and `make test` are all a new user needs.
SHELL := /bin/bash
DIR   ?= .hashyard
N     ?= 1
GO    := go

# No C: the same sources then give the same bytes on any machine. Only the race
# detector needs it.
export CGO_ENABLED := 0

.DEFAULT_GOAL := help
.PHONY: help run reset backup restore build repro sbom reference ui test test-go test-ui check fmt journey soak vuln

help: ## Show this list.
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

run: build ## Run the local world and print where to look (Ctrl-C stops it; ARGS= passes flags).
	@exec bin/hashyard run --dir $(DIR) $(ARGS)

reset: build ## Forget the local world.
	@bin/hashyard reset --dir $(DIR)

backup: ## Write the local world, running or stopped, into one encrypted file.
	@test -x bin/hashyard || $(MAKE) build
	@exec bin/hashyard backup --world $(DIR) --dir hashyard-backups $(ARGS)

restore: ## Make a local world of an archive: make restore FROM=hashyard-backups/… DIR=.restored
	@test -x bin/hashyard || $(MAKE) build
	@test -n "$(FROM)" || { echo "say which archive: make restore FROM=hashyard-backups/…"; exit 1; }
	@exec bin/hashyard restore --world $(DIR) $(ARGS) $(FROM)

build: ui ## Build bin/hashyard and bin/minersim with the browser app inside.
	@mkdir -p bin
	$(GO) build -trimpath -o bin/ ./cmd/hashyard ./cmd/minersim

ui: web/ui/dist/index.html

web/ui/node_modules/.package-lock.json: web/ui/package.json web/ui/package-lock.json
	cd web/ui && npm ci --no-audit --no-fund
	@touch $@

web/ui/dist/index.html: web/ui/node_modules/.package-lock.json $(shell find web/ui/src web/ui/docs web/ui/public web/ui/index.html web/ui/vite.config.ts -type f 2>/dev/null)
	cd web/ui && npm run build
	@touch $@

test: build test-go test-ui ## Everything that runs in 15 minutes here, race detector on.

# The journeys come last and alone: a proof measures a hashrate, and simulated
# miners slow down on a machine that is busy with other tests.
test-go:
	set -o pipefail; CGO_ENABLED=1 $(GO) test -json -race -timeout 20m $$($(GO) list ./... | grep -vE "cmd/internal/(journey|killtest)") | $(GO) run ./cmd/internal/testgate
	set -o pipefail; CGO_ENABLED=1 $(GO) test -json -race -timeout 30m -p 1 -parallel 4 ./cmd/internal/journey ./cmd/internal/killtest | $(GO) run ./cmd/internal/testgate

test-ui: web/ui/node_modules/.package-lock.json
	cd web/ui && npm run lint && npm test

check: ## Format, vet, staticcheck, import rules.
	@out=$$($(GO) tool gofumpt -l $$(git ls-files '*.go')); if [ -n "$$out" ]; then echo "not formatted (go tool gofumpt -w):"; echo "$$out"; exit 1; fi
	$(GO) vet ./...
	$(GO) vet -tags sabotage ./cmd/...
	$(GO) vet -tags failpoints ./...
	$(GO) tool staticcheck ./...
	$(GO) test -count=1 -run 'TestImports|TestPlanted' .
	$(GO) mod tidy -diff
	$(GO) mod verify

fmt: ## Format the Go files.
	$(GO) tool gofumpt -w $$(git ls-files '*.go')

journey: ## Play one machine the whole way in the running world and check each step.
	@test -x bin/hashyard || $(MAKE) build
	@exec bin/hashyard journey --world $(DIR)/world.json $(ARGS)

repro: ui ## Build the programs in two folders and compare them to the byte (COLD=1: second cache empty).
	@.ci/repro

sbom: build ## Write bin/sbom.json: every Go module and npm package of the programs (CycloneDX).
	@bin/hashyard sbom > bin/sbom.json && echo bin/sbom.json

reference: ## Write the configuration reference anew.
	@$(GO) run ./cmd/hashyard config-reference > web/docs/pages/configuration.md.new && mv web/docs/pages/configuration.md.new web/docs/pages/configuration.md

# A release needs N=10; what was reached is told beside that at the end.
soak: build ## The long harnesses, N times over.
	@log=$$(mktemp); HASHYARD_SOAK=$(N) CGO_ENABLED=1 $(GO) test -race -timeout 24h -count=1 -v -p 1 \
		-run 'Soak|TestJourney|TestSabotage|TestNoPayoutLeavesTwice|TestWebhooksInAnyOrder' ./... 2>&1 | tee $$log | grep -v 'no tests to run\|no test files'; \
	failed=$${PIPESTATUS[0]}; echo; grep -ho 'soak: .*' $$log; rm -f $$log; exit $$failed

vuln: ## Known vulnerabilities (needs the open internet; advisory).
	$(GO) run golang.org/x/vuln/cmd/govulncheck@v1.9.0 ./...

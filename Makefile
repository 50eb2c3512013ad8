# Targets are described by the comment behind "##"; "make help" lists them.

GO         ?= go
STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2
FUZZTIME   ?= 30s
SOAKTIME   ?= 10m

.DEFAULT_GOAL := help

.PHONY: build
build: ## Build the program to dist/proxy
	$(GO) build -trimpath -o dist/proxy ./cmd/proxy

.PHONY: run
run: build ## Run the proxy with proxy.yaml and built-in demo backends
	./dist/proxy run --demo --config proxy.yaml

.PHONY: test
test: ## Run all tests
	$(GO) test -shuffle=on ./...

.PHONY: check
check: fmt-check lint tidy-check build ## Everything CI checks: format, lint, go.mod, the shipped config, tests, tests with -race
	./dist/proxy check --config proxy.yaml
	$(GO) test -shuffle=on ./...
	$(GO) test -race -shuffle=on ./...

.PHONY: fmt-check
fmt-check: ## Fail when a file is not formatted
	@files=$$(gofmt -l cmd engine limiter pool bench); \
	if [ -n "$$files" ]; then echo "not formatted (run gofmt -w):"; echo "$$files"; exit 1; fi

.PHONY: lint
lint: ## golangci-lint when installed, else go vet and staticcheck
	@if command -v golangci-lint >/dev/null 2>&1; then golangci-lint run; \
	else $(GO) vet ./... && $(GO) run $(STATICCHECK) ./...; fi

.PHONY: tidy-check
tidy-check: ## Fail when go.mod or go.sum is not tidy
	$(GO) mod tidy -diff

SCENARIO ?= small

.PHONY: bench
bench: ## Measure beside nginx, HAProxy and caddy: SCENARIO=small,latency or all; BENCH="-rounds 3", BENCH=-help
	$(GO) run ./bench -scenario $(SCENARIO) $(BENCH)

BASE ?= HEAD

.PHONY: bench-compare
bench-compare: ## Measure the files as they are against a commit: BASE=HEAD~1 SCENARIO=small,large
	$(GO) run ./bench compare -base $(BASE) -scenario $(SCENARIO) $(BENCH)

.PHONY: soak
soak: ## Load the proxy for SOAKTIME (10m) with backends that come and go, then operate it for a minute each
	SOAK=$(SOAKTIME) $(GO) test ./engine -run '^TestSoak$$' -v -count=1 -timeout 0
	SOAK=$(SOAKTIME) $(GO) test ./cmd/proxy -run 'UnderLoad$$' -v -count=1 -parallel 1 -timeout 0

.PHONY: fuzz
fuzz: ## Run each fuzz target for FUZZTIME (30s)
	@set -e; for pkg in $$($(GO) list ./...); do \
		for target in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do \
			echo "== $$pkg $$target"; \
			$(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) $$pkg; \
		done; \
	done

.PHONY: clean
clean: ## Remove what was built
	rm -rf dist

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "%-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

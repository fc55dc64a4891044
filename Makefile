# Each target is one line; what needs more is in scripts/.
.DEFAULT_GOAL := help
TAGS := "" host incus lima "host incus lima"

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## Install what this machine lacks (root or sudo, Debian or Ubuntu)
	@scripts/setup.sh

bench: setup ## Build the templates once, then run every scenario with the oracle
	@scripts/bench.sh

test: ## Run all tests: unit, conformance and end to end
	@SETUP_TEST=1 scripts/setup.sh
	@scripts/test.sh

templates: setup ## Build every template that comes with benchtest on provider local, and show it ready (minutes)
	BENCHTEST_TEMPLATES=1 go test -count=1 -timeout 0 -v -run TestShippedTemplates ./providers/local

images: ## Make the root file systems and disks of debian-base for all users, as root; scripts/images.sh NAME for others
	@scripts/images.sh

test-unit: ## Run the tests that need no machine and no root
	go test -short ./...

bench-perf: ## Measure what benchtest costs against its bars; ONLY=NAME, REQUIRE=NAME
	go run ./benchtest/perf

e2e-host: setup ## Run the conformance of provider host, and all scenarios on hosts that are made here, as root
	@scripts/host.sh

e2e-cluster: setup ## Use a cluster of three Incus daemons that is made here, and take a member away, as root
	@scripts/e2e-cluster.sh

e2e-incus: setup ## Run the conformance of provider incus and all scenarios on it; starts an Incus where none runs, as root
	@scripts/e2e-incus.sh

e2e-lima: setup ## Run the conformance of provider lima, and two scenarios on its machines (ALL=1: every check and scenario)
	@scripts/lima.sh

soak: ## Try cheats, kills and 2,000 attempts on real machines, as root (hours; SOAK= for minutes); scripts/soak.sh goes on where it was
	SOAK=$${SOAK-1} BENCHTEST_CHEATS=1 BENCHTEST_SOAK=1 go test -count=1 -timeout 0 -v ./benchtest/cheats ./benchtest/soak

fuzz: ## Fuzz every target for a few seconds
	@scripts/fuzz.sh

generate: ## Write what is generated
	go generate ./...
	go run ./benchtest/reference

check-generated: ## Fail when something generated is stale
	go tool benchtest generate --check ./scenarios
	go run ./benchtest/reference -check

fmt: ## Format the code
	gofmt -w $$(git ls-files '*.go')

vet: ## Vet with every set of build tags, and for macOS
	@for tags in $(TAGS); do go vet -tags "$$tags" ./... || exit 1; done
	GOOS=darwin GOARCH=arm64 go vet -tags lima ./...

lint: ## Lint Go, shell and the scenarios
	@scripts/lint.sh

fix: ## Show what go fix would modernise
	go fix -diff ./...

tidy: ## Check that go.mod is tidy
	go mod tidy -diff

clean: ## Remove the built templates and the records of this user
	go tool benchtest sandbox purge && go tool benchtest template gc --keep-latest 0

.PHONY: help setup bench test templates images test-unit bench-perf e2e-host e2e-incus e2e-lima soak fuzz generate check-generated fmt vet lint fix tidy clean e2e-cluster

# The marketplace's front door. `make` lists what there is; the work is done by infrastructure/local and .ci.

local := infrastructure/local/marketplace
bin := .local/bin
export PATH := $(CURDIR)/$(bin):$(PATH)

modules := shared proto user-service product-service order-service payment-service warehouse-service infrastructure

.DEFAULT_GOAL := help
.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  %-20s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# --- running -----------------------------------------------------------------------------------------

.PHONY: run stop start restart status logs clean secrets
run: ## start the whole marketplace on this machine, without Docker
	@$(local) run

stop: ## stop it, or one process: make stop s=order-service
	@$(local) stop $(s)

start: ## start one process again: make start s=order-service
	@$(local) start $(s)

restart: ## restart everything, or one process: make restart s=order-service
	@$(local) restart $(s)

status: ## list the processes
	@$(local) status

logs: ## show one process's log: make logs s=order-service
	@$(local) logs $(s)

clean: ## stop everything and remove all state (databases, queues, secrets)
	@$(local) clean

secrets: ## write a .env for production with random secrets, and certificates, for docker-compose
	@infrastructure/docker/secrets.sh

# --- testing -----------------------------------------------------------------------------------------

.PHONY: test test-race test-servers test-servers-stop e2e faults attacks bench compose-test
test: ## vet and test everything on servers of its own, beside a running marketplace (flags=-race)
	@infrastructure/local/test.sh all $(flags)

test-race: ## the same with the race detector
	@infrastructure/local/test.sh all -race

e2e: ## only the journeys through the gateway
	@infrastructure/local/test.sh e2e $(flags)

faults: ## the long fault suite (minutes)
	@infrastructure/local/test.sh faults $(flags)

attacks: ## what once took gigabytes of memory, with a table of each process's memory (a minute)
	@infrastructure/local/test.sh attacks $(flags)

bench: ## a minute of orders in a closed loop: orders per second, CPU per order
	@infrastructure/local/test.sh bench

compose-test: ## journeys, faults and security of the marketplace in containers (flags=-short leaves out the long faults)
	@infrastructure/docker/test.sh $(flags)

test-servers: ## start PostgreSQL, Redis, RabbitMQ and Consul for tests (addresses in .local/test/env)
	@$(local) test-servers

test-servers-stop: ## stop them
	@$(local) test-servers-stop

# --- code --------------------------------------------------------------------------------------------

.PHONY: lint fmt proto generate verify guards tools tidy
lint: $(bin)/golangci-lint $(bin)/buf ## golangci-lint in every module, buf lint and buf breaking
	@.ci/lint $(modules)

fmt: $(bin)/golangci-lint ## format every module
	@for module in $(modules); do (cd $$module && golangci-lint fmt ./...) || exit; done

proto: $(bin)/buf $(bin)/protoc-gen-go $(bin)/protoc-gen-go-grpc ## generate Go from the .proto files
	cd proto && buf generate

generate: proto ## everything that is generated: Go from .proto, the services' docs/transitions.json
	@for module in $(modules); do (cd $$module && GOWORK=off go generate ./...) || exit; done

verify: $(bin)/buf $(bin)/protoc-gen-go $(bin)/protoc-gen-go-grpc ## fail when something generated is not what its source gives, or a module is not tidy
	@.ci/verify

guards: $(addprefix $(bin)/,golangci-lint buf protoc-gen-go protoc-gen-go-grpc) ## show that each guard can fail, by planting a violation of each in a copy
	@.ci/guards

tools: $(addprefix $(bin)/,golangci-lint buf protoc-gen-go protoc-gen-go-grpc govulncheck) ## build the developer tools

tidy: ## go mod tidy in every module, and one version of a dependency in all of them
	go work sync
	@for module in $(modules); do (cd $$module && GOWORK=off go mod tidy) || exit; done

# Developer tools: each has a folder with its own go.mod, so that their dependencies cannot meet. Nobody debugs them: without
# DWARF the compiler has a fifth less to do.
$(bin)/%: infrastructure/tools/%/go.mod infrastructure/tools/%/go.sum
	@$(local) state
	cd infrastructure/tools/$* && GOWORK=off go build -trimpath -gcflags=all=-dwarf=false -o "$(CURDIR)/$(bin)/" tool
	@touch $@

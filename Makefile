# The marketplace's front door. `make` lists what there is.

local := infrastructure/local/marketplace

.DEFAULT_GOAL := help
.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  %-20s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: test-servers test-servers-stop
test-servers: ## start PostgreSQL, Redis, RabbitMQ and Consul for tests (addresses in .local/test/env)
	@$(local) test-servers

test-servers-stop: ## stop them
	@$(local) test-servers-stop

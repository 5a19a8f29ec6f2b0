# The web page: TypeScript, built by Vite, embedded into the program.
#   make dashboard        build the page; `make build` does so too where node and npm are there
#   make dashboard-test   the page in a real browser against a real daemon
PAGE := host/dashboard/web
PAGE_DIST := host/dashboard/dist
PAGE_MODULES := $(PAGE)/node_modules/.whole
PAGE_CONFIG := $(PAGE)/package.json $(PAGE)/package-lock.json $(PAGE)/.npmrc

.PHONY: dashboard dashboard-if-possible dashboard-test
dashboard: $(PAGE_DIST)/index.html ## build the web page (needs node 20.19 or later and npm)

$(PAGE_MODULES): $(PAGE_CONFIG)
	cd $(PAGE) && npm ci --no-progress --loglevel=error
	@touch $@

$(PAGE_DIST)/index.html: $(PAGE_MODULES) $(PAGE)/index.html $(PAGE)/vite.config.ts $(shell find $(PAGE)/src -type f)
	cd $(PAGE) && npx --no-install vite build --logLevel warn
	@rm -rf $(PAGE_DIST)/assets
	@cp -R .cache/dashboard/dist/. $(PAGE_DIST)/
	@touch $@

# A machine without node, or away from the network, gets a program with a page that says what is missing.
build: dashboard-if-possible
dashboard-if-possible:
	@if ! command -v node >/dev/null || ! command -v npm >/dev/null; then \
		echo "build: without the web page: node and npm are missing (make dashboard)"; \
	elif ! $(MAKE) --no-print-directory $(PAGE_MODULES); then \
		echo "build: without a new web page: its parts could not be had (make dashboard)"; \
	else \
		$(MAKE) --no-print-directory dashboard; \
	fi

dashboard-test: build ## the page under a keyboard in headless chromium, against a real daemon
	cd $(PAGE) && npx --no-install tsc && node --test --test-timeout=900000 e2e/

# The web console: static files that the host serves.  npm's packages come by
# the lock file and are kept outside of the tree, by its hash; the rest is
# bundled in a copy of the folder, with the types of the API beside it.

CONSOLE := $(B)/console
CONSOLE_FILES := $(shell find ui-protocol/console -type f)
CONSOLE_LOCK := $(addprefix ui-protocol/console/package,.json -lock.json)
CONSOLE_NPM := $(BEDPLATE_CACHE)/npm/$(shell cat $(CONSOLE_LOCK) | \
	sha256sum | cut -c 1-16)

$(CONSOLE)/.npm: $(CONSOLE_LOCK) ui-protocol/console/npm.sh
	@mkdir -p $(@D)
	@echo "  NPM $(CONSOLE_NPM)"
	@ui-protocol/console/npm.sh $(CONSOLE_NPM)
	@touch $@

FETCH_TARGETS += $(CONSOLE)/.npm

$(CONSOLE)/tree/.stamp: $(CONSOLE_FILES) $(CONSOLE)/.npm $(GEN)/.stamp
	@rm -rf $(@D)
	@cp -r ui-protocol/console $(@D)
	@mkdir $(@D)/src/gen
	@cp $(GEN)/api/xenapi.d.ts $(@D)/src/gen
	@ln -s $(CONSOLE_NPM)/node_modules $(@D)/node_modules
	@touch $@

$(CONSOLE)/site/.stamp: $(CONSOLE)/tree/.stamp
	@rm -rf $(@D)
	@echo "  BUNDLE $(@D)"
	@cd $(CONSOLE)/tree && node build.mjs console ../site
	@touch $@

CHECK_TARGETS += check-console
.PHONY: check-console
## check-console: types, units and, in Chromium, the console; NAME=part of a name
check-console: $(CONSOLE)/site/.stamp $(SITE)/.stamp $(B)/host/xapi \
    $(B)/host/xenopsd-sim
	@python3 tests/console/run.py $(CONSOLE)/tree $(NAME)

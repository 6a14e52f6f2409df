# Foreign clients of the XenAPI; their packages are installed below build/.

$(B)/clients/installed: tests/clients/package.json \
		tests/clients/package-lock.json
	@mkdir -p $(@D)
	cp $^ $(@D)
	cd $(@D) && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

CHECK_TARGETS += check-clients
.PHONY: check-clients
## check-clients: foreign clients, as they are, against the simulator; NAME=curl
check-clients: $(B)/clients/installed $(B)/host/xapi $(B)/host/xenopsd-sim \
		$(B)/host/xe
	@python3 tests/clients/run.py $(B)/clients $(NAME)

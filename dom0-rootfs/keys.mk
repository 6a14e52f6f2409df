# Who may sign updates of this image: public keys, in the image by their role.
# A build trusts its developer's key, and says so; for a release build
# TRUSTED_KEYS names files NAME.pub with 64 hexadecimal digits instead.  No
# private key is in the tree, nor in build/.

# not in the cache, which may be removed at any time
KEYS ?= $(HOME)/.config/bedplate/keys
UPDATE_KEY ?= $(KEYS)/developer.pem
TRUSTED_KEYS ?= $(R)/developer.pub
KEYS_AT := /usr/share/bedplate/keys

$(KEYS)/developer.pem:
	@mkdir -p $(@D)
	@umask 077 && openssl genpkey -algorithm ed25519 -out $@.tmp
	@mv $@.tmp $@

# the last 32 bytes of the DER form are the key
$(R)/developer.pub: $(UPDATE_KEY) | $(R)
	openssl pkey -in $(UPDATE_KEY) -pubout -outform DER | tail -c 32 | \
	    od -An -v -tx1 | tr -d ' \n' >$@.tmp
	@mv $@.tmp $@

# the list changes whenever a key does
$(R)/keys.list: $(TRUSTED_KEYS) FORCE
	@rm -rf $(R)/keys && mkdir -p $(R)/keys/update
	@cp $(TRUSTED_KEYS) $(R)/keys/update/
	@{ echo 'd /usr/share/bedplate 0755 root root -'; \
	    echo 'd $(KEYS_AT) 0755 root root -'; \
	    echo 'd $(KEYS_AT)/update 0755 root root -'; \
	    for key in $(notdir $(TRUSTED_KEYS)); do \
		echo "# $$(cat $(R)/keys/update/$$key)"; \
		echo "f $(KEYS_AT)/update/$$key 0444 root root" \
		    "gen:keys/update/$$key"; \
	    done; } >$@.tmp
	@cmp -s $@.tmp $@ && rm $@.tmp || mv $@.tmp $@

.PHONY: keys
## keys: a developer's key for updates, outside the tree (KEYS=FOLDER)
keys: $(UPDATE_KEY)
	@echo '$(UPDATE_KEY)'

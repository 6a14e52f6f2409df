# Who may sign updates of this image, and who extension packs for it: public
# keys, in the image by their role.  A build trusts its developer's keys, one of
# each role, and says so; for a release build TRUSTED_KEYS and TRUSTED_PACK_KEYS
# name files NAME.pub with 64 hexadecimal digits instead.  No private key is in
# the tree, nor in build/.

# not in the cache, which may be removed at any time
KEYS ?= $(HOME)/.config/bedplate/keys
UPDATE_KEY ?= $(KEYS)/developer.pem
PACK_KEY ?= $(KEYS)/developer-packs.pem
TRUSTED_KEYS ?= $(R)/developer.pub
TRUSTED_PACK_KEYS ?= $(R)/developer-packs.pub
KEYS_AT := /usr/share/bedplate/keys

$(KEYS)/developer.pem $(KEYS)/developer-packs.pem:
	@mkdir -p $(@D)
	@umask 077 && openssl genpkey -algorithm ed25519 -out $@.tmp
	@mv $@.tmp $@

# the last 32 bytes of the DER form are the key
$(R)/developer.pub: $(UPDATE_KEY) | $(R)
$(R)/developer-packs.pub: $(PACK_KEY) | $(R)
$(R)/developer.pub $(R)/developer-packs.pub:
	openssl pkey -in $< -pubout -outform DER | tail -c 32 | \
	    od -An -v -tx1 | tr -d ' \n' >$@.tmp
	@mv $@.tmp $@

# $1 role, $2 files
keys_copy = mkdir -p $(R)/keys/$1 && cp $2 $(R)/keys/$1/
keys_lines = echo 'd $(KEYS_AT)/$1 0755 root root -'; \
	for key in $(notdir $2); do \
		echo "\# $$(cat $(R)/keys/$1/$$key)"; \
		echo "f $(KEYS_AT)/$1/$$key 0444 root root" \
		    "gen:keys/$1/$$key"; \
	done

# the list changes whenever a key does
$(R)/keys.list: $(TRUSTED_KEYS) $(TRUSTED_PACK_KEYS) FORCE
	@rm -rf $(R)/keys
	@$(call keys_copy,update,$(TRUSTED_KEYS))
	@$(call keys_copy,extension,$(TRUSTED_PACK_KEYS))
	@{ echo 'd /usr/share/bedplate 0755 root root -'; \
	    echo 'd $(KEYS_AT) 0755 root root -'; \
	    $(call keys_lines,update,$(TRUSTED_KEYS)); \
	    $(call keys_lines,extension,$(TRUSTED_PACK_KEYS)); } >$@.tmp
	@cmp -s $@.tmp $@ && rm $@.tmp || mv $@.tmp $@

.PHONY: keys
## keys: a developer's keys for updates and packs, outside the tree (KEYS=FOLDER)
keys: $(UPDATE_KEY) $(PACK_KEY)
	@echo '$(UPDATE_KEY) $(PACK_KEY)'

# dom0's root file system and initramfs, each from lists of its files.

R := $(B)/dom0

OWN := $(addprefix $(B)/musl/,xapi xenopsd bedplate-answers bedplate-box \
	bedplate-hotplug bedplate-image bedplate-install bedplate-rfb \
	bedplate-screen bedplate-setup bedplate-slot)

# what all logs together may grow to, in bytes
LOG_LIMIT := 8388608

VERSION := 0.1
ifndef SOURCE_DATE_EPOCH
SOURCE_DATE_EPOCH := $(shell git log -1 --format=%ct 2>/dev/null || echo 1)
endif
export SOURCE_DATE_EPOCH

include dom0-rootfs/keys.mk

ROOTFS_LISTS := $(wildcard dom0-rootfs/lists/*.list) $(HV)/modules/root.list \
	$(R)/keys.list $(R)/site.list $(R)/keymaps.list
INITRD_LISTS := $(wildcard dom0-rootfs/initramfs/*.list) $(HV)/modules/boot.list
ROOTFS_IN := $(shell find dom0-rootfs/skel dom0-rootfs/initramfs -type f) \
	$(OWN) dom0-rootfs/mkimage.py $(SYSROOT)

MKIMAGE := dom0-rootfs/mkimage.py --epoch $(SOURCE_DATE_EPOCH) \
	--root here=dom0-rootfs --root skel=dom0-rootfs/skel \
	--root sysroot=$(B)/sysroot --origin sysroot=$(R)/sysroot.origin \
	--root deb=$(HV)/pkg --origin deb=$(HV)/pkg/ORIGIN \
	--root modules=$(HV)/modules --origin modules=$(R)/modules.origin \
	--root gen=$(R) --origin gen=$(R)/gen.origin --root own=$(B)/musl --root site=$(B)/site

$(R):
	mkdir -p $@

# origin of third-party files: `file<TAB>package version`
$(R)/sysroot.origin: $(SYSROOT) dom0-rootfs/origin.sh | $(R)
	dom0-rootfs/origin.sh $(B)/deps >$@.tmp
	@mv $@.tmp $@

$(R)/modules.origin: $(HV)/modules/root.list | $(R)
	sed -n 's,^\(usr/\)\(lib/\(modules\|firmware\)/.*\),\2,p' \
	    $(HV)/pkg/ORIGIN | sed 's,\.ko\.xz	,.ko	,' >$@.tmp
	@mv $@.tmp $@

# What has lower-case names is told by the API, too.  BUILT orders versions.
$(R)/bedplate-release: $(ROOTFS_LISTS) $(ROOTFS_IN) dom0-rootfs/rootfs.mk
	{ echo 'NAME=Bedplate'; echo 'VERSION=$(VERSION)'; \
	    echo 'BUILT=$(SOURCE_DATE_EPOCH)'; \
	    echo 'product_brand=Bedplate'; echo 'product_version=8.3.0'; \
	    echo 'product_version_text=$(VERSION)'; \
	    echo 'platform_version=3.4.0'; echo 'build_number=1'; \
	    echo 'update_keys=$(notdir $(TRUSTED_KEYS:.pub=))'; } >$@.tmp
	@mv $@.tmp $@

# What the image is made of.  Built, but in no image: what tests need, and what
# pools will.
NOT_SHIPPED := check libuv lz4 raft lab-qemu
SBOM := $(R)/sbom.cdx.json

$(SBOM): $(SYSROOT) $(HV)/pkg.stamp hypervisor/licences dom0-rootfs/sbom.py \
		$(B)/console/site/.stamp dom0-rootfs/rootfs.mk | $(R)
	dom0-rootfs/sbom.py --version $(VERSION) --epoch $(SOURCE_DATE_EPOCH) \
	    --origins $(B)/sysroot/share/origin --needs $(B)/deps \
	    --licences hypervisor/licences --npm $(B)/console/tree/packages.txt \
	    $(NOT_SHIPPED:%=--leave-out %) \
	    $$({ cut -f 2 $(HV)/pkg/ORIGIN | sort -u | grep -v ^libxen-dev; \
	    dpkg-query -W -f '$${Package} $${Version}\n' grub-pc-bin \
	    grub-efi-amd64-bin console-data pci.ids usb.ids; } | sed 's/^/--package /; s/\([^ ]*\) /\1=/2') \
	    >$@.tmp
	@mv $@.tmp $@

# the pages that xapi serves
$(R)/site.list: $(B)/site/.stamp | $(R)
	cd $(B)/site && find . -name '[!.]*' | LC_ALL=C sort | while read -r p; do \
	    to=/usr/share/bedplate/site$${p#.}; \
	    if [ -d "$$p" ]; then echo "d $$to 0755 root root -"; \
	    else echo "f $$to 0644 root root site:$${p#./}"; fi; \
	done >$(CURDIR)/$@.tmp
	@mv $@.tmp $@

# as the build host knows them
$(R)/timezones: dom0-rootfs/timezones.py | $(R)
	$< /usr/share/zoneinfo >$@.tmp
	@mv $@.tmp $@

# the names of devices, as the build host knows them
IDS := $(R)/pci.names $(R)/usb.names
$(IDS): $(R)/%.names: dom0-rootfs/ids.py /usr/share/misc/%.ids | $(R)
	$< $* /usr/share/misc/$*.ids >$@.tmp
	@mv $@.tmp $@

$(R)/gen.origin: $(R)/keymaps.list $(IDS)
	{ cat $(R)/keymaps.origin; for bus in pci usb; do dpkg-query -W \
	    -f "$$bus.names\t\$${Package} \$${Version}\n" $$bus.ids; done; } >$@.tmp
	@mv $@.tmp $@

# what the kernel takes of the build host's keyboards
$(R)/keymaps.list: dom0-rootfs/keymaps.sh dom0-rootfs/keymaps.txt | $(R)
	$< dom0-rootfs/keymaps.txt $(R)/keymaps >$@.tmp
	@mv $@.tmp $@

$(B)/rootfs.squashfs: $(ROOTFS_LISTS) $(ROOTFS_IN) $(R)/bedplate-release \
		$(R)/timezones $(IDS) $(R)/gen.origin $(SBOM) \
		$(R)/sysroot.origin $(R)/modules.origin
	@awk -v limit=$(LOG_LIMIT) '!/^#/ && NF { sum += $$2 * ($$3 + 1) } \
	    END { if (sum > limit) { print "logs.conf: " sum " bytes"; \
	    exit 1 } }' dom0-rootfs/skel/etc/logs.conf
	$(MKIMAGE) --whole skel --whole sysroot/bin --whole modules/lib/firmware \
	    --tar $(R)/rootfs.tar --listing $(R)/rootfs.listing $(ROOTFS_LISTS)
	@rm -f $@.tmp
	env -u SOURCE_DATE_EPOCH mksquashfs - $@.tmp -tar -comp xz \
	    -Xbcj x86 -b 512K -no-xattrs -no-progress -quiet -root-mode 0755 \
	    -root-uid 0 -root-gid 0 -all-time $(SOURCE_DATE_EPOCH) \
	    -mkfs-time $(SOURCE_DATE_EPOCH) <$(R)/rootfs.tar
	@rm -f $(R)/rootfs.tar
	@mv $@.tmp $@

# The build's name: the initramfs takes only the system it was made for.
$(R)/build: $(B)/rootfs.squashfs
	sha256sum <$< | cut -c 1-16 >$@.tmp
	@mv $@.tmp $@

$(B)/initrd.img: $(INITRD_LISTS) $(ROOTFS_IN) $(R)/build $(R)/sysroot.origin \
		$(R)/modules.origin
	$(MKIMAGE) --cpio $(R)/initrd.cpio --listing $(R)/initrd.listing \
	    $(INITRD_LISTS)
	xz --check=crc32 --x86 --lzma2=preset=6e,dict=4MiB -c $(R)/initrd.cpio >$@.tmp
	@rm -f $(R)/initrd.cpio
	@mv $@.tmp $@

.PHONY: rootfs check-rootfs check-mkimage
## rootfs: dom0's root file system and initramfs
rootfs: $(B)/rootfs.squashfs $(B)/initrd.img

CHECK_TARGETS += check-rootfs
## check-rootfs: the image is what its lists say and its programs look for
check-rootfs: $(B)/rootfs.squashfs $(B)/initrd.img
	@dom0-rootfs/check-rootfs.sh $(B)
	@dom0-rootfs/check-paths.py $(B)/rootfs.squashfs $(R)/rootfs.listing \
	    dom0-rootfs/paths.allowed

CHECK_TARGETS += check-mkimage
## check-mkimage: what the packer of images refuses
check-mkimage:
	@dom0-rootfs/check-mkimage.sh

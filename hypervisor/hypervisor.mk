# Xen, kernel, firmware, microcode: Debian's binaries, unmodified.
# The command lines are in cmdline.mk.

include hypervisor/cmdline.mk

HV := $(B)/hypervisor

# linux-image-amd64 only names the newest kernel: see fetch.sh.
# libxen-dev: the interfaces of that hypervisor, for check-versions.
HV_PACKAGES := linux-image-amd64 xen-hypervisor-4.20-amd64 libxen-dev \
	xen-utils-4.20 seabios ipxe-qemu \
	grub-xen-host intel-microcode amd64-microcode \
	firmware-bnx2 firmware-bnx2x firmware-intel-misc firmware-linux-free \
	firmware-misc-nonfree firmware-qlogic firmware-realtek

FETCH_TARGETS += $(HV)/debs

# $(HV)/debs: one downloaded package a line
$(HV)/debs: hypervisor/hypervisor.mk hypervisor/fetch.sh dom0-rootfs/apt.sh
	@mkdir -p $(@D)
	hypervisor/fetch.sh dom0-rootfs/apt.sh $(HV_PACKAGES) >$@.tmp
	@mv $@.tmp $@

# $(HV)/pkg: their files; ORIGIN names the package of each
$(HV)/pkg.stamp: $(HV)/debs hypervisor/unpack.sh
	hypervisor/unpack.sh $(HV)/debs $(HV)/pkg
	@touch $@

$(HV)/modules/root.list: $(HV)/pkg.stamp $(wildcard hypervisor/*.list) \
		hypervisor/modules.py
	hypervisor/modules.py hypervisor/modules.list \
	    hypervisor/firmware-absent.list $(HV)/pkg $(HV)/modules.tmp
	@rm -rf $(HV)/modules && mv $(HV)/modules.tmp $(HV)/modules
	@touch $@

$(HV)/modules/boot.list: $(HV)/modules/root.list ;

$(HV)/xen.gz: $(HV)/pkg.stamp
	cp $(HV)/pkg/boot/xen-4.20-amd64.gz $@.tmp
	@mv $@.tmp $@

$(HV)/vmlinuz: $(HV)/pkg.stamp
	cp $(HV)/pkg/boot/vmlinuz-* $@.tmp
	@mv $@.tmp $@

# Xen looks for this archive among the boot modules (ucode=scan).
$(HV)/ucode.cpio: $(HV)/pkg.stamp hypervisor/ucode.py
	hypervisor/ucode.py $(HV)/pkg $@.tmp
	@mv $@.tmp $@

HV_BOOT := $(HV)/xen.gz $(HV)/vmlinuz $(HV)/ucode.cpio

.PHONY: hypervisor check-versions
## hypervisor: Xen, kernel, modules, firmware and microcode, ready to pack
hypervisor: $(HV_BOOT) $(HV)/modules/root.list

CHECK_TARGETS += check-versions
## check-versions: Xen, its tools and the kernel belong together
check-versions: $(HV)/pkg.stamp $(SYSROOT)
	@hypervisor/check-versions.py $(HV)/pkg $(B)/sysroot \
	    $(B)/sysroot/share/origin/xen

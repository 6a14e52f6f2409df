# build/bedplate.iso: one image for CD and USB stick, BIOS and UEFI.

ISO_B := $(B)/iso
ISO := $(B)/bedplate.iso
ISO_LIMIT := 67108864

# GRUB: what is needed to read the medium, show a menu, start Xen
GRUB_MODULES := all_video echo gfxterm gzio iso9660 minicmd multiboot2 normal \
	part_gpt part_msdos reboot search search_fs_file search_label serial \
	terminal test

$(ISO_B)/grub.cfg: iso/grub.cfg.in iso/iso.mk hypervisor/cmdline.mk
	@mkdir -p $(@D)
	sed -e 's|@XEN@|$(XEN_CMDLINE)|' -e 's|@LINUX@|$(LINUX_CMDLINE)|' \
	    -e 's|@VERSION@|$(VERSION)|' $< >$@.tmp
	@mv $@.tmp $@

$(ISO): $(ISO_B)/grub.cfg $(HV_BOOT) $(B)/initrd.img $(B)/rootfs.squashfs \
		$(R)/build iso/mkiso.sh
	iso/mkiso.sh $(ISO_B) $@.tmp $(ISO_B)/grub.cfg $(HV) $(B) $(R)/build \
	    '$(GRUB_MODULES)'
	@size=$$(stat -c %s $@.tmp); echo "$@: $$size bytes"; \
	    [ $$size -le $(ISO_LIMIT) ] || { echo "larger than $(ISO_LIMIT)"; exit 1; }
	@mv $@.tmp $@

$(B)/manifest.txt: $(ISO) iso/medium.sh
	@{ echo '# medium' && \
	    iso/medium.sh $(ISO) $(ISO_B) $(HV)/pkg/ORIGIN && \
	    echo '# root file system' && cat $(R)/rootfs.listing && \
	    echo '# initramfs' && cat $(R)/initrd.listing; } >$@.tmp
	@mv $@.tmp $@

$(B)/SHA256SUMS: $(ISO) $(B)/manifest.txt
	cd $(B) && sha256sum bedplate.iso manifest.txt >SHA256SUMS.tmp
	@mv $@.tmp $@

iso: $(B)/SHA256SUMS

# FIRMWARE=uefi for the other firmware; ports and memory: see run.py
run: $(B)/SHA256SUMS
	@tests/appliance/run.py $(ISO) $(B)/run.img $(FIRMWARE)

CHECK_TARGETS += check-boot
.PHONY: check-boot
## check-boot: the ISO reaches dom0 in QEMU: BIOS and UEFI, CD and USB
check-boot: $(B)/SHA256SUMS
	@tests/appliance/test_boot.py $(ISO)

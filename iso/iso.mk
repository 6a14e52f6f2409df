# build/bedplate.iso: one image for CD and USB stick, BIOS and UEFI.

ISO_B := $(B)/iso
ISO := $(B)/bedplate.iso
ISO_LIMIT := 71303168

# GRUB: what is needed to read the medium, show a menu, start Xen
GRUB_MODULES := all_video configfile echo fat gfxterm gzio iso9660 loadenv \
	loopback minicmd multiboot2 normal part_gpt part_msdos reboot regexp \
	search search_fs_file search_label serial sleep terminal test
# ... and of an installed host, whose disk says where it was started from
GRUB_DISK_MODULES := all_video configfile echo fat gfxterm gzio iso9660 \
	loadenv minicmd multiboot2 normal part_gpt part_msdos reboot regexp \
	serial sleep terminal test
GRUB_LIB := /usr/lib/grub

$(ISO_B)/grub.cfg: iso/grub.cfg.in iso/iso.mk hypervisor/cmdline.mk
	@mkdir -p $(@D)
	sed -e 's|@XEN@|$(XEN_CMDLINE)|' -e 's|@LINUX@|$(LINUX_CMDLINE)|' \
	    -e 's|@VERSION@|$(VERSION)|' $< >$@.tmp
	@mv $@.tmp $@

# The boot programs of a disk: each looks on the disk it was started from.
GRUB_DISK := $(addprefix $(ISO_B)/grub/,boot.img core.img bootx64.efi disk.cfg \
	start.cfg)

$(ISO_B)/grub/boot.img: $(GRUB_LIB)/i386-pc/boot.img
	@mkdir -p $(@D)
	cp $< $@.tmp
	@mv $@.tmp $@

$(ISO_B)/grub/core.img: iso/iso.mk
	@mkdir -p $(@D)
	grub-mkimage -d $(GRUB_LIB)/i386-pc -O i386-pc -p '(,gpt2)/grub' \
	    -o $@.tmp biosdisk $(GRUB_DISK_MODULES)
	@mv $@.tmp $@

$(ISO_B)/grub/bootx64.efi: iso/iso.mk
	@mkdir -p $(@D)
	grub-mkimage -d $(GRUB_LIB)/x86_64-efi -O x86_64-efi -p /grub -o $@.tmp \
	    efi_gop efi_uga $(GRUB_DISK_MODULES)
	@mv $@.tmp $@

$(ISO_B)/grub/disk.cfg: iso/disk.cfg.in
	@mkdir -p $(@D)
	cp $< $@.tmp
	@mv $@.tmp $@

# Xen, kernel and their options come and go with the slot.
$(ISO_B)/grub/start.cfg: iso/start.cfg.in hypervisor/cmdline.mk
	@mkdir -p $(@D)
	sed -e 's|@XEN@|$(XEN_CMDLINE)|' -e 's|@LINUX@|$(LINUX_CMDLINE)|' \
	    $< >$@.tmp
	@mv $@.tmp $@

# What a slot of an installed host holds, and the medium carries as a file:
# Xen, kernel, initramfs, root file system, boot programs.
SLOT := $(B)/slot.img
SLOT_LIMIT := 268435456

$(SLOT): $(HV_BOOT) $(B)/initrd.img $(B)/rootfs.squashfs $(R)/build \
		$(GRUB_DISK) iso/mkslot.sh
	iso/mkslot.sh $(ISO_B) $@.tmp $(HV) $(B) $(R)/build $(GRUB_DISK)
	@[ $$(stat -c %s $@.tmp) -le $(SLOT_LIMIT) ] || \
	    { echo "$@: larger than $(SLOT_LIMIT)"; exit 1; }
	@mv $@.tmp $@

# For a TFTP server: the slot is a file of the initramfs, in dom0's memory.
PXE := $(B)/pxe
PXE_MODULES := $(filter-out loopback,$(GRUB_MODULES)) http net tftp

$(ISO_B)/pxe.cfg: iso/pxe.cfg.in iso/iso.mk hypervisor/cmdline.mk
	@mkdir -p $(@D)
	sed -e 's|@XEN@|$(subst =$(DOM0_MEM),=$(DOM0_MEM_PXE),$(subst \
	    max:$(DOM0_MEM),max:$(DOM0_MEM_PXE),$(XEN_CMDLINE)))|' \
	    -e 's|@LINUX@|$(LINUX_CMDLINE)|' -e 's|@VERSION@|$(VERSION)|' \
	    $< >$@.tmp
	@mv $@.tmp $@

$(ISO_B)/slot.cpio: $(SLOT) iso/pxe.list
	$(MKIMAGE) --root iso=$(B) --cpio $@.tmp --listing $@.listing iso/pxe.list
	@mv $@.tmp $@

$(PXE)/bedplate/bios.0: $(HV_BOOT) $(B)/initrd.img $(ISO_B)/slot.cpio \
		$(ISO_B)/pxe.cfg iso/options.cfg iso/mkpxe.sh iso/iso.mk
	iso/mkpxe.sh $(ISO_B) $(PXE) $(HV) $(B)/initrd.img $(ISO_B)/slot.cpio \
	    $(ISO_B)/pxe.cfg $(GRUB_LIB) '$(PXE_MODULES)'

.PHONY: pxe
## pxe: build/pxe, for a TFTP server: BIOS, UEFI, iPXE
pxe: $(PXE)/bedplate/bios.0

# For sticks, cards and built-in flash: an installed disk before its first start.
IMAGE := $(B)/bedplate.img

$(IMAGE): $(SLOT) $(GRUB_DISK) $(B)/musl/bedplate-flash iso/mkflash.sh
	iso/mkflash.sh $(ISO_B) $@.tmp $(SLOT) $(ISO_B)/grub \
	    $(B)/musl/bedplate-flash
	@mv $@.tmp $@

.PHONY: image
## image: build/bedplate.img, to be copied to a stick or a card of 8 GiB or more
image: $(IMAGE)

# The same, signed, for hosts that are installed already.
UPDATE := $(B)/bedplate.update

$(UPDATE): $(SLOT) $(R)/bedplate-release iso/mkupdate.py iso/signed.py $(UPDATE_KEY)
	iso/mkupdate.py $(SLOT) $@.tmp --key $(UPDATE_KEY) \
	    --version $(VERSION) \
	    --built $$(sed -n 's/^BUILT=//p' $(R)/bedplate-release)
	@mv $@.tmp $@

.PHONY: update
## update: build/bedplate.update, signed by UPDATE_KEY (a developer's)
update: $(UPDATE)

PACK_VERSION ?= 1

.PHONY: pack
## pack: PACK=FOLDER as an extension pack, build/FOLDER.pack, signed by PACK_KEY
pack: $(PACK_KEY)
	iso/mkpack.py '$(PACK)' '$(B)/$(notdir $(PACK)).pack' \
	    --key $(PACK_KEY) --version '$(PACK_VERSION)'

$(ISO): $(ISO_B)/grub.cfg $(SLOT) $(R)/build iso/mkiso.sh
	iso/mkiso.sh $(ISO_B) $@.tmp $(ISO_B)/grub.cfg $(SLOT) $(R)/build \
	    '$(GRUB_MODULES)'
	@size=$$(stat -c %s $@.tmp); echo "$@: $$size bytes"; \
	    [ $$size -le $(ISO_LIMIT) ] || { echo "larger than $(ISO_LIMIT)"; exit 1; }
	@mv $@.tmp $@

$(B)/manifest.txt: $(ISO) iso/medium.sh
	@{ echo '# medium' && \
	    iso/medium.sh $(ISO) $(ISO_B) $(HV)/pkg/ORIGIN && \
	    echo '# slot' && \
	    iso/medium.sh $(SLOT) $(ISO_B) $(HV)/pkg/ORIGIN && \
	    echo '# root file system' && cat $(R)/rootfs.listing && \
	    echo '# initramfs' && cat $(R)/initrd.listing; } >$@.tmp
	@mv $@.tmp $@

$(B)/SHA256SUMS: $(ISO) $(B)/manifest.txt $(SBOM)
	cp $(SBOM) $(B)/bedplate.cdx.json
	cd $(B) && sha256sum bedplate.iso bedplate.cdx.json manifest.txt \
	    >SHA256SUMS.tmp
	@mv $@.tmp $@

iso: $(B)/SHA256SUMS

# FIRMWARE=uefi for the other firmware; ports and memory: see run.py
run: $(B)/SHA256SUMS
	@tests/appliance/run.py $(ISO) $(B)/run.img $(FIRMWARE)

.PHONY: run-installed
## run-installed: make run's disk, the host installed to it at the first time
run-installed: $(B)/SHA256SUMS
	@tests/appliance/run.py $(ISO) $(B)/run.img $(FIRMWARE) installed

.PHONY: sources check-sources
## sources: build/sources, the corresponding sources of what is shipped
SOURCES_SH := iso/sources.sh $(B)/sources $(VERSION) $(HV)/debs \
	hypervisor/licences grub-pc-bin grub-efi-amd64-bin console-data \
	pci.ids usb.ids
sources: $(B)/SHA256SUMS
	$(SOURCES_SH)

CHECK_LONG_TARGETS += check-sources
## check-sources: they are all there, and our programs can be linked anew
check-sources: $(B)/SHA256SUMS
	@$(SOURCES_SH) || [ -s $(B)/sources/MISSING ]
	@iso/check-sources.py $(B) $(SBOM)

CHECK_LONG_TARGETS += repro
.PHONY: repro
## repro: our parts and the images, built twice and compared; PART='zlib xz': those
repro: $(B)/SHA256SUMS
	@iso/repro.sh $(B) $(PART)

CHECK_TARGETS += check-sbom
.PHONY: check-sbom
## check-sbom: the bill of materials has whatever is on the medium
check-sbom: $(SBOM) $(B)/manifest.txt
	@iso/check-sbom.py $^

CHECK_MACHINE_TARGETS += check-boot
CHECK_MACHINE_NEEDS += $(B)/SHA256SUMS $(UPDATE)
.PHONY: check-boot
## check-boot: the ISO reaches dom0 in QEMU: BIOS and UEFI, CD and USB
check-boot: $(B)/SHA256SUMS
	@tests/appliance/test_boot.py $(ISO)

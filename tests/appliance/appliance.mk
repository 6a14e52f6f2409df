# Guests on the booted appliance, through the API.

CHECK_MACHINE_TARGETS += check-install check-guest check-faults check-power
CHECK_MACHINE_NEEDS += $(B)/host/xapi $(B)/musl/xe $(B)/clients/installed
CHECK_LONG_TARGETS += check-setup check-update check-install-long check-pxe \
	check-power-long check-appliance-storage check-appliance-nfs \
	check-guest-hvm check-guest-uefi check-guest-long check-flash

.PHONY: check-flash
## check-flash: the image for sticks, its first start, power cuts; NAME= CUTS=
check-flash: $(IMAGE)
	@python3 tests/appliance/test_flash.py $< $(NAME)

.PHONY: check-install check-update check-guest check-faults check-power \
	check-power-long check-appliance-storage check-setup check-install-long \
	check-guest-hvm check-guest-uefi check-appliance-nfs
## check-install: unattended to a blank disk, then an update; BIOS and UEFI
check-install: $(B)/SHA256SUMS $(UPDATE)
	@UPDATE_KEY=$(UPDATE_KEY) python3 tests/appliance/test_install.py $(ISO)

## check-update: systems in the second slot that hang or die; NAME=
check-update: $(B)/SHA256SUMS $(UPDATE)
	@ISO=$(ISO) UPDATE_KEY=$(UPDATE_KEY) \
	    python3 tests/appliance/test_update.py $(NAME)

## check-setup: the installer's pages, at the serial line
check-setup: $(B)/SHA256SUMS
	@python3 tests/appliance/test_setup.py $(ISO)

.PHONY: check-pxe
## check-pxe: started and installed from the network; BIOS and UEFI
check-pxe: $(PXE)/bedplate/bios.0
	@python3 tests/appliance/test_pxe.py $(PXE) $(NAME)

## check-install-long: a host reset, reinstalled; cuts of an installation
check-install-long: $(B)/SHA256SUMS
	@ISO=$(ISO) python3 tests/appliance/test_reset.py bios
	@ISO=$(ISO) python3 tests/appliance/test_reinstall.py bios
	@ISO=$(ISO) python3 tests/appliance/test_cuts.py bios $(or $(CUTS),12)
	@ISO=$(ISO) python3 tests/appliance/test_cuts.py uefi $(or $(CUTS),12)

## check-guest: a PV and a PVH guest, from upload to shutdown
check-guest check-guest-long: $(B)/musl/xe $(B)/clients/installed $(PACK_KEY)
check-guest: $(B)/SHA256SUMS
	@PACK_KEY=$(PACK_KEY) python3 tests/appliance/test_guest.py pv pvh

.PHONY: check-guest-long
## check-guest-long: the same, suspend and checkpoint of each
check-guest-long: $(B)/SHA256SUMS
	@PACK_KEY=$(PACK_KEY) python3 tests/appliance/test_guest.py pv-whole pvh-whole

## check-guest-hvm: the same of an HVM guest, whose QEMU is emulated too
check-guest-hvm: $(B)/SHA256SUMS
	@python3 tests/appliance/test_guest.py hvm netboot

## check-guest-uefi: a PVH and an HVM guest by UEFI, on a QEMU of our own
check-guest-uefi: $(B)/SHA256SUMS $(LAB_QEMU)
	@APPLIANCE_QEMU=$(abspath $(LAB_QEMU)) \
	    python3 tests/appliance/test_guest_uefi.py

## check-faults: processes killed under a guest, used disks, cut requests
check-faults: $(B)/SHA256SUMS
	@python3 tests/appliance/test_faults.py

## check-power: the appliance's state after power cuts, by QEMU's write log
check-power: $(B)/SHA256SUMS $(B)/host/xapi
	@python3 tests/appliance/test_power.py $(or $(CUTS),20)

check-power-long: $(B)/SHA256SUMS $(B)/host/xapi
	@python3 tests/appliance/test_power.py $(or $(CUTS),200)

## check-appliance-storage: LVM and file SRs on a real disk of dom0
check-appliance-storage: $(B)/tests/musl/test_storage $(B)/SHA256SUMS
	@python3 tests/appliance/test_storage.py $<

## check-appliance-nfs: SRs in dom0 on a real NFS server
check-appliance-nfs: $(B)/tests/musl/test_storage_nfs $(B)/SHA256SUMS
	@ISO=$(ISO) python3 tests/appliance/test_nfs.py $<

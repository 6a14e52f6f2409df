# Guests on the booted appliance, through the API.

CHECK_TARGETS += check-guest check-faults
CHECK_LONG_TARGETS += check-guest-pvh

.PHONY: check-guest check-faults check-guest-pvh
## check-guest: a PV guest on the appliance, from upload to shutdown
check-guest: $(B)/SHA256SUMS
	@python3 tests/appliance/test_guest.py pv

## check-faults: processes killed under a guest, used disks, cut requests
check-faults: $(B)/SHA256SUMS
	@python3 tests/appliance/test_faults.py

## check-guest-pvh: the same with a PVH guest
check-guest-pvh: $(B)/SHA256SUMS
	@python3 tests/appliance/test_guest.py pvh

# Guests on the booted appliance, through the API.

CHECK_TARGETS += check-guest
CHECK_LONG_TARGETS += check-guest-pvh

.PHONY: check-guest check-guest-pvh
## check-guest: a PV guest on the appliance, from upload to shutdown
check-guest: $(B)/SHA256SUMS
	@python3 tests/appliance/test_guest.py pv

## check-guest-pvh: the same with a PVH guest
check-guest-pvh: $(B)/SHA256SUMS
	@python3 tests/appliance/test_guest.py pvh

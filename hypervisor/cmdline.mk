# How Xen and the dom0 kernel are started, in every GRUB menu we write.
#
# A serial console always exists (com1), so a server without a screen can be
# watched; without a port Xen finds none and goes on.  dom0's consoles are
# the screen (tty0) and Xen's own (hvc0, shared with com1); the last one
# named is /dev/console.

# 256 MiB holds the whole control domain.
DOM0_MEM := 256M
# ... and what came by the network stays in its memory
DOM0_MEM_PXE := 384M
# Eight vCPUs keep 100 Gbit/s of back ends busy; more cost memory per CPU.
DOM0_VCPUS := 1-8

# vga=current: the mode the firmware left, not the largest there is.
# conswitch: the character before 'a' is none that can be typed, so nobody at
# the serial line gets at Xen's own keys, which restart without a password.
# watchdog: a CPU that Xen cannot run on for a minute restarts the machine.
# dom0's own is fed by the service `watchdog`.
# loglvl: why the machine is restarted is said at this level, and no higher.
XEN_CMDLINE := console=com1,vga com1=115200,8n1 vga=current \
	dom0_mem=$(DOM0_MEM),max:$(DOM0_MEM) \
	dom0_max_vcpus=$(DOM0_VCPUS) \
	ucode=scan conswitch=` \
	watchdog watchdog_timeout=60 \
	loglvl=info guest_loglvl=none/warning

# swiotlb: 4096 slabs of 2 KiB; the default would take 64 of the 256 MiB.
# panic: a dead dom0 kernel takes Xen with it, which reboots the machine.
LINUX_CMDLINE := console=tty0 console=hvc0 loglevel=4 \
	swiotlb=4096 panic=10 consoleblank=0

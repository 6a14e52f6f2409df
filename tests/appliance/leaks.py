"""What the domains that are gone may not leave in dom0: a script that prints
one line for each thing there is, to be compared before and after.

	before = leaks.state(m)
	...
	leaks.check(m, before)
"""

from appliance import Failed

# run in dom0; short lines: the serial console loses input that comes too fast
SCRIPT = """\
xl list | awk 'NR > 1 { print "domain", $1 }'
dmsetup ls | sed 's/^/volume /' | sort
losetup -a | sed 's/^/loop /' | sort
ls /sys/class/net/xenbr0/brif | sed 's/^/port /'
ls /run/xenopsd/domains | sed 's/^/kept /'
ls -d /run/xen/qemu-* /run/xen/qmp-* 2>/dev/null | sed 's/^/left /'
ls -d /var/log/xen/qemu-* 2>/dev/null | sed 's/^/left /'
ls /sys/bus/xen-backend/devices | sed 's/^/device /'
xenstore-list /local/domain | sed 's/^/guest /'
for p in /proc/[0-9]*; do
	c=$(tr '\\0' ' ' 2>/dev/null <$p/cmdline)
	case $c in
	'') case $(cat $p/comm 2>/dev/null) in
		*xvd*|vif*) echo "process $(cat $p/comm)" ;; esac ;;
	*xenopsd*|*xapi*|xl*|lvm*|*hotplug*|*qemu*) echo "process $c" ;;
	esac
done | sort
"""


def state(m, script="/mnt/state"):
    """The lines of the script, which is on a volume mounted there."""
    return m.expect("sh " + script, 120).split("\n")


def check(m, before, tries=20, script="/mnt/state"):
    """Some of it goes a moment after the call has returned."""
    for _ in range(tries):
        after = state(m, script)
        if sorted(after) == sorted(before):
            return
    raise Failed("before and after differ:\n%s" % "\n".join(
        ["- " + a for a in before if a not in after]
        + ["+ " + a for a in after if a not in before]
        + ["before %d lines, after %d" % (len(before), len(after))]))

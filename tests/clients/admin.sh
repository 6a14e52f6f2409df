#!/bin/sh
# What an administrator's script does with xe, from another machine:
#     admin.sh XE PORT PASSWORD
set -eu
program=$1 port=$2 password=$3

xe()
{
	"$program" "$@" -s 127.0.0.1 -p "$port" -u root -pw "$password"
}

is()
{
	[ "$1" = "$2" ] || { echo "$3 is '$1', not '$2'" >&2; exit 1; }
}

sr=$(xe sr-list content-type=user --minimal)
template=$(xe template-list name-label="Other install media" --minimal)
vm=$(xe vm-install template="$template" new-name-label=web01 sr-uuid="$sr")
xe vm-param-set uuid="$vm" name-description="the first, of many" \
    other-config:owner=ops
xe vm-param-add uuid="$vm" param-name=tags param-key=web
is "$(xe vm-param-get uuid="$vm" param-name=other-config param-key=owner)" ops \
    "a key of other-config"
is "$(xe vm-list tags:contains=web params=name-label --minimal)" web01 \
    "who has the tag"

vdi=$(xe vdi-create sr-uuid="$sr" name-label=data virtual-size=8MiB type=user)
xe vbd-create vm-uuid="$vm" vdi-uuid="$vdi" device=1 type=Disk mode=RW >/dev/null
xe vm-disk-add uuid="$vm" device=2 disk-size=16MiB sr-uuid="$sr"
is "$(xe vdi-param-get uuid="$vdi" param-name=virtual-size)" 8388608 "its size"
net=$(xe network-create name-label=inside)
xe vif-create vm-uuid="$vm" network-uuid="$net" device=1 mac=random \
    >/dev/null
xe vm-memory-limits-set uuid="$vm" static-min=64MiB dynamic-min=64MiB \
    dynamic-max=64MiB static-max=64MiB

xe vm-start vm=web01
is "$(xe vm-param-get uuid="$vm" param-name=power-state)" running "the state"
xe vm-shutdown vm=web01 force=true
is "$(xe vm-list power-state=halted is-control-domain=false params=uuid \
    --minimal)" "$vm" "who is halted"
copy=$(xe vm-clone vm=web01 new-name-label=web02)
snapshot=$(xe vm-snapshot vm=web02 new-name-label="before the change")
is "$(xe snapshot-list snapshot-of="$copy" --minimal)" "$snapshot" "the snapshot"
xe snapshot-uninstall snapshot-uuid="$snapshot" force=true

if xe vm-start uuid=no-such-vm 2>/dev/null; then
	echo "a VM that is not there was started" >&2
	exit 1
fi
found=$(xe vm-list is-control-domain=false params=uuid --minimal)
n=0
IFS=,
for each in $found; do
	xe vm-uninstall uuid="$each" force=true >/dev/null
	n=$((n + 1))
done
is $n 2 "the number of VMs"
is "$(xe vdi-list sr-uuid="$sr" --minimal)" "" "what is left of disks"
xe network-destroy uuid="$net"

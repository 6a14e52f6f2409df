#include "xenopsd/machine/vlan.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "xenopsd/machine/netdev.h"
#include "xenopsd/machine/netlink.h"
#include "xenopsd/machine/vlan_message.h"

#define LINE_BYTES 256

bool
vlan_tag_ok(int64_t tag)
{
	return tag >= VLAN_MIN_TAG && tag <= VLAN_MAX_TAG;
}

bool
vlan_parse(const char *line, struct vlan_line *v)
{
	return sscanf(line, "%15[^ |] | %d | %15s", v->name, &v->tag,
	    v->device) == 3;
}

static void
name_of(const char *device, int tag, char name[static IF_NAMESIZE])
{
	snprintf(name, IF_NAMESIZE, "%.10s.%d", device, tag);
}

/* Is there this very VLAN?  Names are cut, so those of two NICs may be one. */
static bool
is_there(const char *name, const char *device, int tag)
{
	FILE *f = fopen(VLAN_LIST, "re");
	char line[LINE_BYTES];
	struct vlan_line v;
	bool found = false;

	while (f && !found && fgets(line, sizeof(line), f))
		found = vlan_parse(line, &v) && v.tag == tag &&
		    !strcmp(v.name, name) && !strcmp(v.device, device);
	if (f)
		fclose(f);
	return found;
}

static int
make(const char *name, const char *device, int tag)
{
	unsigned below = if_nametoindex(device);
	struct vlan_message m;

	if (!below)
		return -ENODEV;
	vlan_message_fill(&m, name, below, tag);
	return netlink_ask(&m, sizeof(m));
}

static int
delete(unsigned index)
{
	struct {
		struct nlmsghdr head;
		struct ifinfomsg link;
	} m = {
		.head = { .nlmsg_len = sizeof(m), .nlmsg_type = RTM_DELLINK,
		    .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK },
		.link.ifi_index = (int)index,
	};

	return netlink_ask(&m, sizeof(m));
}

/* A NIC that nobody uses yet stays silent when it is brought up. */
static int
raise_silently(int fd, const char *device)
{
	struct ifreq ifr = { 0 };
	int rc = netdev_request(fd, SIOCGIFFLAGS, device, &ifr);

	if (rc || ifr.ifr_flags & IFF_UP)
		return rc;
	rc = netdev_mute(device);
	return rc ? rc : netdev_up(fd, device);
}

static int
raise_device(const char *device)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int rc;

	if (fd == -1)
		return -errno;
	rc = raise_silently(fd, device);
	close(fd);
	return rc;
}

int
vlan_create(const char *device, int tag, char name[static IF_NAMESIZE],
    bool *made_out)
{
	int rc = raise_device(device);

	*made_out = false;
	name_of(device, tag, name);
	if (rc || is_there(name, device, tag))
		return rc;
	rc = make(name, device, tag);
	*made_out = rc == 0;
	return rc;
}

int
vlan_destroy(const char *device, int tag)
{
	char name[IF_NAMESIZE];

	name_of(device, tag, name);
	return is_there(name, device, tag) ? delete(if_nametoindex(name)) : 0;
}

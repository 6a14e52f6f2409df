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
#define DEVICE_LEN (IF_NAMESIZE - 1 - 5)	/* before the longest tag */

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

/* A name that is cut may be that of another NIC's; its number is nobody else's. */
static void
name_of(const char *device, int tag, char name[static IF_NAMESIZE])
{
	snprintf(name, IF_NAMESIZE, "%.*s.%d", DEVICE_LEN, device, tag);
	if (strlen(device) > DEVICE_LEN && if_nametoindex(name))
		snprintf(name, IF_NAMESIZE, "v%u.%d", if_nametoindex(device),
		    tag);
}

/* Is there this very VLAN?  Then that is its name. */
static bool
is_there(const char *device, int tag, char name[static IF_NAMESIZE])
{
	FILE *f = fopen(VLAN_LIST, "re");
	char line[LINE_BYTES];
	struct vlan_line v;
	bool found = false;

	while (f && !found && fgets(line, sizeof(line), f))
		found = vlan_parse(line, &v) && v.tag == tag &&
		    !strcmp(v.device, device);
	if (f)
		fclose(f);
	if (found)
		memcpy(name, v.name, IF_NAMESIZE);
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
	if (rc || is_there(device, tag, name))
		return rc;
	name_of(device, tag, name);
	rc = make(name, device, tag);
	*made_out = rc == 0;
	return rc;
}

int
vlan_destroy(const char *device, int tag)
{
	char name[IF_NAMESIZE];

	return is_there(device, tag, name) ? delete(if_nametoindex(name)) : 0;
}

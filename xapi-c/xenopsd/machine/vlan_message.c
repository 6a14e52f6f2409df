#include "xenopsd/machine/vlan_message.h"

#include <linux/if_link.h>
#include <stddef.h>
#include <stdio.h>

void
vlan_message_fill(struct vlan_message *m, const char *name, unsigned below,
    int tag)
{
	*m = (struct vlan_message){
		.head = { .nlmsg_len = sizeof(*m), .nlmsg_type = RTM_NEWLINK,
		    .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE |
		    NLM_F_EXCL },
		.on = { sizeof(m->on) + sizeof(m->below), IFLA_LINK },
		.below = below,
		.called = { sizeof(m->called) + sizeof(m->name), IFLA_IFNAME },
		.info = { sizeof(*m) - offsetof(struct vlan_message, info),
		    IFLA_LINKINFO },
		.kind = { sizeof(m->kind) + sizeof("vlan"), IFLA_INFO_KIND },
		.vlan = "vlan",
		.data = { sizeof(*m) - offsetof(struct vlan_message, data),
		    IFLA_INFO_DATA },
		.which = { sizeof(m->which) + sizeof(m->tag), IFLA_VLAN_ID },
		.tag = (uint16_t)tag,
	};
	snprintf(m->name, sizeof(m->name), "%s", name);
}

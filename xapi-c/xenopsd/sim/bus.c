/* What is on the buses of the simulated machine, less what the file "unplugged"
 * of the state folder names: lines with an address or a path. */
#include <string.h>

#include "xenopsd/sim/sim.h"
#include "xenopsd/storage/books.h"

#define INTEL "8086", "Intel Corporation"
#define ASPEED "1a03", "ASPEED Technology, Inc."
#define DELL "1028", "Dell"

static const struct xenops_pci_info pcis[] = {
	{ "0000:00:00.0", "0600", "Host bridge", INTEL, "2020",
	    "Sky Lake-E DMI3 Registers", DELL, "0716", "", "", "", false },
	{ "0000:00:14.0", "0c03", "USB controller", INTEL, "a1af",
	    "C620 Series Chipset Family USB 3.0 xHCI Controller", DELL,
	    "0716", "", "xhci_hcd", "", false },
	{ "0000:00:17.0", "0106", "SATA controller", INTEL, "a182",
	    "C620 Series Chipset Family SATA Controller [AHCI mode]", DELL,
	    "0716", "", "ahci", "", false },
	{ "0000:03:00.0", "0300", "VGA compatible controller", ASPEED, "2000",
	    "ASPEED Graphics Family", DELL, "0716", "", "ast", "", true },
	{ "0000:3b:00.0", "0200", "Ethernet controller", INTEL, "1572",
	    "Ethernet Controller X710 for 10GbE SFP+", INTEL, "0008",
	    "Ethernet Converged Network Adapter X710-2", "i40e", "", false },
	{ "0000:3b:00.1", "0200", "Ethernet controller", INTEL, "1572",
	    "Ethernet Controller X710 for 10GbE SFP+", INTEL, "0000",
	    "Ethernet Converged Network Adapter X710-2", "i40e", "", false },
	{ "0000:3b:02.0", "0200", "Ethernet controller", INTEL, "154c",
	    "Ethernet Virtual Function 700 Series", INTEL, "0000", "", "iavf",
	    "0000:3b:00.0", false },
};

static const struct xenops_usb_info usbs[] = {
	{ "1-3", "0557", "ATEN International Co., Ltd", "2419",
	    "Virtual mouse/keyboard device", "", "1.10", 1.5 },
	{ "1-6", "0781", "SanDisk Corp.", "5583", "Ultra Fit",
	    "4C530000SIM", "2.10", 480 },
};

static bool
is_unplugged(const char *list, const char *name)
{
	size_t n = strlen(name);

	for (const char *p = list; *p; p += strcspn(p, "\n"), p += *p != '\0')
		if (strncmp(p, name, n) == 0 && (p[n] == '\n' || !p[n]))
			return true;
	return false;
}

/* Those of n records of that size, each of which begins with its name, that
 * are there. */
static struct vec
plugged(struct arena *a, const char *list, const void *records, uint32_t n,
    size_t size)
{
	char *v = arena_alloc(a, n * size);
	struct vec out = { v, 0 };

	for (uint32_t i = 0; i < n; i++) {
		const char *record = (const char *)records + i * size;

		if (!is_unplugged(list, *(const char *const *)record))
			memcpy(v + out.n++ * size, record, size);
	}
	return out;
}

static const char *
unplugged(struct sim *m, struct arena *a)
{
	const char *list = "";
	struct buf b = { 0 };

	if (file_read(arena_printf(a, "%s/unplugged", m->cfg.state_dir),
	    SMALL_FILE, &b) == 0 && b.len)
		list = arena_strndup(a, b.data, b.len);
	buf_release(&b);
	return list;
}

bool
sim_bus_has(struct sim *m, struct arena *a, const char *name)
{
	return !is_unplugged(unplugged(m, a), name);
}

void
sim_bus_fill(struct sim *m, struct arena *a, struct xenops_host_info *h)
{
	const char *list = unplugged(m, a);

	h->pcis = plugged(a, list, pcis, sizeof(pcis) / sizeof(*pcis),
	    sizeof(*pcis));
	h->usbs = plugged(a, list, usbs, sizeof(usbs) / sizeof(*usbs),
	    sizeof(*usbs));
}

#include "base/vm_memory.h"

#define MIB (1ll << 20)
#define PAGE 4096ll
#define PAGES_OF_VCPU 256
#define PV_MORE (1 * MIB)
#define OTHER_MORE (2 * MIB)

/* A page for each MiB, too: the map of its memory, or what shadows that. */
int64_t
vm_memory_tables(bool pv, int64_t memory_max, int64_t vcpus_max)
{
	return PAGE * (PAGES_OF_VCPU * vcpus_max + memory_max / MIB) +
	    (pv ? PV_MORE : OTHER_MORE);
}

int64_t
vm_memory_overhead(bool pv, int64_t memory_max, int64_t vcpus_max)
{
	int64_t all = memory_max + vm_memory_tables(pv, memory_max, vcpus_max);
	int64_t rest = all % VM_MEMORY_PIECE;

	return all + (rest ? VM_MEMORY_PIECE - rest : 0) - memory_max;
}

int64_t
vm_memory_fits(bool pv, int64_t total, int64_t vcpus_max)
{
	int64_t whole = total - total % VM_MEMORY_PIECE;
	int64_t fixed = vm_memory_tables(pv, 0, vcpus_max);

	if (whole <= fixed)
		return 0;
	return (whole - fixed) / (MIB + PAGE) * MIB;
}

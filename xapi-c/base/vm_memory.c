#include "base/vm_memory.h"

#include "base/vm_limits.h"

#define MIB (1ll << 20)
#define PAGE 4096ll
#define PAGES_OF_VCPU 256
#define PV_MORE (1 * MIB)
#define OTHER_MORE (2 * MIB)

/* Records may say what no host can have. */
static int64_t
within(int64_t n, int64_t max)
{
	return n < 0 ? 0 : n < max ? n : max;
}

/* A page for each MiB, too: the map of its memory, or what shadows that. */
int64_t
vm_memory_tables(bool pv, int64_t memory_max, int64_t vcpus_max)
{
	return PAGE * (PAGES_OF_VCPU * within(vcpus_max, VM_MAX_VCPUS) +
	    within(memory_max, VM_MAX_MEMORY) / MIB) +
	    (pv ? PV_MORE : OTHER_MORE);
}

int64_t
vm_memory_overhead(bool pv, int64_t memory_max, int64_t vcpus_max)
{
	int64_t memory = within(memory_max, VM_MAX_MEMORY);
	int64_t all = memory + vm_memory_tables(pv, memory, vcpus_max);
	int64_t rest = all % VM_MEMORY_PIECE;

	return all + (rest ? VM_MEMORY_PIECE - rest : 0) - memory;
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

#include "api/sync/template_table.h"

#include "gen/types.h"

#define FIELD(of, bound, value) { "field", of, bound, value }
#define PROPERTY(of, value) { "property", of, "max", value }

/* Never exactly one: a well-known client fails on that. */
#define MEMORY_AND_VCPUS \
	FIELD("memory-static-max", "max", "1649267441664"), \
	FIELD("vcpus-min", "min", "1"), FIELD("vcpus-max", "max", "64")
#define DEVICES \
	PROPERTY("number-of-vbds", "255"), PROPERTY("number-of-vifs", "7")
#define FIRMWARE(bios, uefi, secure) \
	FIELD("supports-bios", "value", bios), \
	FIELD("supports-uefi", "value", uefi), \
	FIELD("supports-secure-boot", "value", secure)

static const struct template_rule plain_rules[] = {
	MEMORY_AND_VCPUS, DEVICES, { 0 },
};
static const struct template_rule linux_rules[] = {
	MEMORY_AND_VCPUS, FIRMWARE("yes", "yes", "yes"), DEVICES, { 0 },
};
static const struct template_rule windows_rules[] = {
	MEMORY_AND_VCPUS, FIELD("has-vendor-device", "value", "false"),
	FIRMWARE("yes", "yes", "yes"), DEVICES, { 0 },
};
static const struct template_rule windows_11_rules[] = {
	FIELD("memory-static-max", "max", "1649267441664"),
	FIELD("vcpus-min", "min", "2"), FIELD("vcpus-max", "max", "64"),
	FIELD("has-vendor-device", "value", "false"),
	FIRMWARE("no", "yes", "yes"), DEVICES, { 0 },
};

static const struct string_pair none[] = { { 0 } };

#define SCREEN { "vga", "std" }, { "videoram", "8" }, { "hpet", "true" }
#define WINDOWS \
	SCREEN, { "viridian", "true" }, { "viridian_time_ref_count", "true" }, \
	{ "viridian_reference_tsc", "true" }, \
	{ "viridian_apic_assist", "true" }, { "viridian_crash_ctl", "true" }, \
	{ "viridian_stimer", "true" }, \
	{ "viridian_hcall_remote_tlb_flush", "true" }, { "device_id", "0002" }

static const struct string_pair other_platform[] = {
	SCREEN, { "viridian", "false" },
	{ "device-model", "qemu-upstream-compat" }, { 0 },
};
static const struct string_pair linux_platform[] = {
	SCREEN, { "viridian", "false" }, { "device_id", "0001" },
	{ "device-model", "qemu-upstream-compat" }, { 0 },
};
static const struct string_pair linux_uefi_platform[] = {
	SCREEN, { "viridian", "false" }, { "device_id", "0001" },
	{ "device-model", "qemu-upstream-uefi" }, { "secureboot", "auto" },
	{ 0 },
};
static const struct string_pair windows_platform[] = {
	WINDOWS, { "device-model", "qemu-upstream-compat" },
	{ "secureboot", "false" }, { 0 },
};
static const struct string_pair windows_11_platform[] = {
	WINDOWS, { "device-model", "qemu-upstream-uefi" },
	{ "secureboot", "true" }, { "vtpm", "true" }, { 0 },
};

static const struct string_pair linux_other[] = {
	{ "linux_template", "true" }, { 0 },
};

/* Systems that start by BIOS or UEFI are given BIOS, which every host has. */
static const struct template_family linux_pvh = {
	.description = "A Linux whose disk brings its own GRUB configuration "
	    "and kernel; give the VM a disk to boot from",
	.domain_type = DOMAIN_TYPE_PVH, .vcpus = 1,
	.rules = plain_rules, .platform = none, .other = none,
};
static const struct template_family linux_pv = {
	.description = "The same for older Linux, and for hosts without "
	    "hardware virtualisation",
	.domain_type = DOMAIN_TYPE_PV, .vcpus = 1,
	.rules = plain_rules, .platform = none, .other = none,
};
static const struct template_family other = {
	.description = "Any other system, with emulated hardware, from a CD "
	    "or the network",
	.methods = "cdrom", .order = "dc", .firmware = "bios",
	.domain_type = DOMAIN_TYPE_HVM, .vcpus = 1,
	.rules = plain_rules, .platform = other_platform, .other = none,
};
static const struct template_family linux_bios = {
	.description = "A Linux installed from a CD or the network, or whose "
	    "disk is imported; starts by BIOS",
	.methods = "cdrom,nfs,http,ftp", .order = "cdn", .firmware = "bios",
	.domain_type = DOMAIN_TYPE_HVM, .vcpus = 1,
	.rules = linux_rules, .platform = linux_platform,
	.other = linux_other,
};
static const struct template_family linux_uefi = {
	.description = "The same, where the disk starts by UEFI",
	.methods = "cdrom,nfs,http,ftp", .order = "cdn", .firmware = "uefi",
	.domain_type = DOMAIN_TYPE_HVM, .vcpus = 1,
	.rules = linux_rules, .platform = linux_uefi_platform,
	.other = linux_other,
};
static const struct template_family windows = {
	.description = "Windows installed from a CD; starts by BIOS",
	.methods = "cdrom", .order = "dc", .firmware = "bios",
	.domain_type = DOMAIN_TYPE_HVM, .vcpus = 2,
	.rules = windows_rules, .platform = windows_platform, .other = none,
};
static const struct template_family windows_11 = {
	.description = "Windows installed from a CD; starts by UEFI with "
	    "secure boot, and wants a TPM",
	.methods = "cdrom", .order = "dc", .firmware = "uefi",
	.domain_type = DOMAIN_TYPE_HVM, .vcpus = 2,
	.rules = windows_11_rules, .platform = windows_11_platform,
	.other = none,
};

/* Least memory and memory in MiB, disk in GiB. */
#define ROW(label, name, family, min, memory, disk) \
	{ label, name, &family, min, memory, disk, 1 }

const struct template_row template_rows[] = {
	ROW("linux-pvh", "Linux PVH guest (boots from its own disk)",
	    linux_pvh, 128, 512, 0),
	ROW("linux-pv", "Linux PV guest (boots from its own disk)",
	    linux_pv, 128, 512, 0),
	ROW("other-install-media", "Other install media", other, 256, 1024, 8),
	ROW("generic-linux-bios", "Generic Linux BIOS",
	    linux_bios, 512, 1024, 10),
	ROW("generic-linux-uefi", "Generic Linux UEFI",
	    linux_uefi, 512, 1024, 10),
	ROW("alma-8", "AlmaLinux 8", linux_bios, 2048, 4096, 10),
	ROW("alma-9", "AlmaLinux 9", linux_bios, 2048, 4096, 10),
	ROW("alma-10", "AlmaLinux 10", linux_bios, 2048, 4096, 10),
	ROW("centos-7", "CentOS 7", linux_bios, 2048, 4096, 10),
	ROW("centos-9", "CentOS Stream 9", linux_bios, 2048, 4096, 10),
	ROW("centos-10", "CentOS Stream 10", linux_bios, 2048, 4096, 10),
	ROW("debian-11", "Debian Bullseye 11", linux_bios, 1024, 2048, 10),
	ROW("debian-12", "Debian Bookworm 12", linux_bios, 1024, 2048, 10),
	ROW("debian-13", "Debian Trixie 13", linux_bios, 1024, 2048, 10),
	ROW("oel-7", "Oracle Linux 7", linux_bios, 2048, 4096, 10),
	ROW("oel-8", "Oracle Linux 8", linux_bios, 2048, 4096, 10),
	ROW("oel-9", "Oracle Linux 9", linux_bios, 2048, 4096, 10),
	ROW("rhel-7", "Red Hat Enterprise Linux 7",
	    linux_bios, 2048, 4096, 10),
	ROW("rhel-8", "Red Hat Enterprise Linux 8",
	    linux_bios, 2048, 4096, 10),
	ROW("rhel-9", "Red Hat Enterprise Linux 9",
	    linux_bios, 2048, 4096, 10),
	ROW("rhel-10", "Red Hat Enterprise Linux 10",
	    linux_bios, 2048, 4096, 10),
	ROW("rocky-8", "Rocky Linux 8", linux_bios, 2048, 4096, 10),
	ROW("rocky-9", "Rocky Linux 9", linux_bios, 2048, 4096, 10),
	ROW("rocky-10", "Rocky Linux 10", linux_bios, 2048, 4096, 10),
	ROW("sle-15-64bit", "SUSE Linux Enterprise 15 (64-bit)",
	    linux_bios, 1024, 2048, 8),
	ROW("ubuntu-20.04", "Ubuntu Focal Fossa 20.04",
	    linux_bios, 1024, 2048, 10),
	ROW("ubuntu-22.04", "Ubuntu Jammy Jellyfish 22.04",
	    linux_bios, 1024, 2048, 10),
	ROW("ubuntu-24.04", "Ubuntu Noble Numbat 24.04",
	    linux_bios, 1024, 2048, 10),
	ROW("windows-10-64bit", "Windows 10 (64-bit)",
	    windows, 2048, 4096, 32),
	ROW("windows-11-64bit", "Windows 11 (64-bit)",
	    windows_11, 4096, 8192, 64),
	ROW("windows-server-2016-64bit", "Windows Server 2016 (64-bit)",
	    windows, 1024, 2048, 32),
	ROW("windows-server-2019-64bit", "Windows Server 2019 (64-bit)",
	    windows, 1024, 2048, 32),
	ROW("windows-server-2022-64bit", "Windows Server 2022 (64-bit)",
	    windows, 1024, 2048, 32),
	ROW("windows-server-2025-64bit", "Windows Server 2025 (64-bit)",
	    windows, 1024, 2048, 32),
};
const size_t template_rows_n = sizeof template_rows / sizeof template_rows[0];

#include "api/vm/firmware.h"

#include <string.h>

#include "gen/errors.h"

/* As it is with "auto", where the host has no keys. */
static int
refuse_secure_boot(struct call *c, const struct vm *vm)
{
	const char *text = map_get(vm->platform, "secureboot");

	if (!text || !*text || !strcmp(text, "auto") || !strcmp(text, "false"))
		return 0;
	return err_value_not_supported(c, "platform:secureboot", text,
	    "this host's UEFI has no Secure Boot");
}

static int
refuse_tpm(struct call *c, const struct vm *vm)
{
	const char *text = map_get(vm->platform, "vtpm");

	if (!text || !*text || !strcmp(text, "false"))
		return 0;
	return err_value_not_supported(c, "platform:vtpm", text,
	    "this host has no virtual TPM");
}

int
vm_firmware(struct call *c, const struct vm *vm, struct xenops_vm_spec *out)
{
	const char *text = map_get(vm->HVM_boot_params, "firmware");

	out->firmware = XENOPS_FIRMWARE_BIOS;
	if (out->type == XENOPS_DOMAIN_TYPE_PV)
		return 0;
	if (refuse_tpm(c, vm))
		return -1;
	if (out->boot != XENOPS_BOOT_DISK || !text || !*text ||
	    !strcmp(text, "bios"))
		return 0;
	if (strcmp(text, "uefi") != 0)
		return err_value_not_supported(c, "HVM_boot_params:firmware",
		    text, "it is bios or uefi");
	out->firmware = XENOPS_FIRMWARE_UEFI;
	return refuse_secure_boot(c, vm);
}

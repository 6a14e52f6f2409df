/*
 * Who may sign: a folder for each role (updates, extension packs) in the system's
 * own, read-only image, with one file for each key, NAME.pub: the public key as 64
 * hexadecimal digits.  Keys of a build's developer are called developer.pub and
 * developer-packs.pub; release builds have none of them.
 */
#ifndef UPDATE_KEYS_H
#define UPDATE_KEYS_H

#include <stdbool.h>
#include <stdint.h>

#include "net/signature.h"

#define KEYS_MAX 16
#define KEYS_NAME 64

/* Is that key in the folder?  name_out: as which. */
bool keys_trust(const char *folder,
    const uint8_t key[static SIGNATURE_KEY_LEN],
    char name_out[static KEYS_NAME]);

#endif

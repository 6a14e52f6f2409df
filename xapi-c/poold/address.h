/* "10.0.0.1:7000" or "[fd00::1]:7000": numbers only, nothing is looked up. */
#ifndef POOLD_ADDRESS_H
#define POOLD_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

/* False if it is no such text. */
bool address_parse(const char *text, struct sockaddr_storage *out,
    socklen_t *len_out);

#endif

/* The one rule for the host's name: API, xenopsd and installer ask here. */
#ifndef BASE_HOSTNAME_H
#define BASE_HOSTNAME_H

#define HOSTNAME_LENGTH_MAX 63

/* Labels of letters, digits and inner hyphens between single dots.  NULL if the
 * name is one, else what is wrong with it. */
const char *hostname_problem(const char *name);
/* Of another machine: such a name, or an address of IPv4 or IPv6. */
const char *server_name_problem(const char *name);

#endif

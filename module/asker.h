/*
 * Who asks, how, and what for: the client of a reply as Unbound's reply
 * callbacks have it. Pure reading of what they are given, on their thread.
 */
#ifndef DP_ASKER_H
#define DP_ASKER_H

#include <stdbool.h>
#include <stdint.h>

#include "module/core/event.h"
#include "module/core/settings.h"

struct comm_reply;
struct edns_data;
struct timeval;

/* The address, PROXYv2's where there is one; false: of no known family. */
bool dp_asker_address(const struct comm_reply *client, struct dp_addr *addr,
    uint16_t *port);

/* The flags of the query's header (RFC 1035, 4.1.1), from where Unbound keeps
 * them for queries under way, else from the query as it came. edns and start:
 * as the callback got them. 0: not known. */
uint16_t dp_asker_flags(const struct comm_reply *client,
    const struct edns_data *edns, const struct timeval *start);

/* The question of the query as it came; false: it is not at hand. */
struct dp_asked {
	struct dp_name name;
	uint16_t type;
	uint16_t class;
};
bool dp_asker_question(const struct comm_reply *client, struct dp_asked *out);

enum dp_event_transport dp_asker_transport(const struct comm_reply *client);

#define DP_ASKER_KEY_B 16 /* SipHash-128 */

/*
 * Tell an event of the client as much as privacy allows: its kind, octets and
 * port. key: of pseudonyms, DP_ASKER_KEY_B octets; NULL: there is none, and
 * pseudonyms are left out.
 */
void dp_asker_tell(struct dp_event_d *event, const struct comm_reply *client,
    enum dp_privacy privacy, const uint8_t *key);

#endif

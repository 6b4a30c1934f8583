/*
 * A word to the service manager: one datagram to the socket that it names
 * (sd_notify(3) has the protocol). Nobody there to listen is no failure.
 */
#ifndef DP_SYNC_NOTIFY_H
#define DP_SYNC_NOTIFY_H

/* address: NOTIFY_SOCKET of the environment, a path or, after an @, a name of
 * the abstract kind. */
void dp_sync_notify(const char *address, const char *word);

#endif

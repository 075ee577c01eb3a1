/* The VM's side of a recording, played. No I/O: the node's messages go in, frames come out. */
#ifndef EXTVM_REPLAY_PLAYER_H
#define EXTVM_REPLAY_PLAYER_H

#include "recording.h"

struct player {
    const extvm_recording *recording;
    extvm_difference_fn difference;
    void *context;
    size_t index;                    /* of the call that is played, or comes next */
    const struct recorded *expected; /* the node's next message in it; NULL: it has not begun */
    bool greeted;                    /* the session's Hello has come */
    struct buffer out;               /* frames to be sent; the sender empties it */
};

void player_init(struct player *player, const extvm_recording *recording,
                 extvm_difference_fn difference, void *context);
void player_free(struct player *player);

/* A session begins; a call that was not played to its end begins anew. */
void player_begin(struct player *player);

/* Takes one message of the node, without its length. `*leaves`: the recorded VM broke off here, or
 * nothing can be played to such a message; the session ends when the output is sent.
 * Errors: EXTVM_NO_MEMORY. */
extvm_status player_take(struct player *player, extvm_bytes body, bool *leaves, extvm_error *error);

/* The node has ended the session. In the middle of a call that is a difference. */
void player_end(struct player *player);

bool player_is_done(const struct player *player);

#endif

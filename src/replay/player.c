/* Playing the VM's side of a recording: what the node sends is compared with what it sent then, and
 * the recorded VM's messages follow as they were. */
#include "player.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/error.h"
#include "common/frame.h"

enum { DIFFERENCE_SIZE = 4096 }; /* characters of a difference; what is longer is cut */

void player_init(struct player *player, const extvm_recording *recording,
                 extvm_difference_fn difference, void *context) {
    *player = (struct player){.recording = recording, .difference = difference, .context = context};
    buffer_init(&player->out, &recording->allocator, SIZE_MAX / 2);
}

void player_free(struct player *player) {
    buffer_free(&player->out);
}

void player_begin(struct player *player) {
    player->greeted = false;
    player->expected = NULL;
    player->out.size = 0;
}

bool player_is_done(const struct player *player) {
    return player->index == extvm_recording_count(player->recording);
}

/* -- differences -- */

__attribute__((format(printf, 2, 3))) static void tell(const struct player *player,
                                                       const char *format, ...) {
    char text[DIFFERENCE_SIZE];
    va_list arguments;
    if (player->difference != NULL) {
        va_start(arguments, format);
        vsnprintf(text, sizeof text, format, arguments);
        va_end(arguments);
        player->difference(player->context, text);
    }
}

static const struct recorded_call *call_at_hand(const struct player *player) {
    return recording_at(player->recording, player->index);
}

static extvm_status fields_of(const struct player *player, const struct recorded *expected,
                              extvm_bytes body, extvm_message_form form, char **text,
                              extvm_error *error) {
    return extvm_message_fields(call_at_hand(player)->protocol->version, expected->type->name, body,
                                form, &player->recording->allocator, text, error);
}

static void release(const struct player *player, char *text) {
    memory_release(&player->recording->allocator, text);
}

/* Whether both hold the same, though the bytes differ: an integer may be written in several ways.
 * Errors: those of a message that is not what is expected. */
static extvm_status means_the_same(const struct player *player, const struct recorded *expected,
                                   extvm_bytes body, bool *same, extvm_error *error) {
    char *then = NULL, *now = NULL;
    extvm_status status =
        fields_of(player, expected, expected->body, EXTVM_MESSAGE_JSON, &then, error);
    if (status == EXTVM_OK) {
        status = fields_of(player, expected, body, EXTVM_MESSAGE_JSON, &now, error);
    }
    *same = status == EXTVM_OK && strcmp(then, now) == 0;
    release(player, then);
    release(player, now);
    return status;
}

/* A field of a message's text, which ends at a space outside of all brackets. */
static extvm_bytes next_field(const char **at) {
    const char *start = *at;
    const char *end = start;
    size_t depth = 0;
    while (*end != '\0' && (*end != ' ' || depth > 0)) {
        depth += *end == '[' || *end == '{';
        depth -= depth > 0 && (*end == ']' || *end == '}');
        end++;
    }
    *at = *end == ' ' ? end + 1 : end;
    return (extvm_bytes){(const uint8_t *)start, (size_t)(end - start)};
}

/* The fields in which two messages of one kind differ, at the same places; false: no memory. */
static bool list_differences(const char *then, const char *now, struct buffer *out) {
    bool complete = true;
    while (*then != '\0' || *now != '\0') {
        extvm_bytes old = next_field(&then), new = next_field(&now);
        if (!extvm_bytes_equal(old, new)) {
            complete = buffer_print(out, "%srecorded %.*s, now %.*s", out->size > 0 ? "; " : "",
                                    old.size > 0 ? (int)old.size : 7,
                                    old.size > 0 ? (const char *)old.data : "nothing",
                                    new.size > 0 ? (int)new.size : 7,
                                    new.size > 0 ? (const char *)new.data : "nothing") &&
                       complete;
        }
    }
    if (out->size == 0) { /* of long data only the first bytes are text */
        complete = buffer_print(out, "in data too long to be shown");
    }
    return buffer_append(out, "", 1) && complete;
}

static extvm_status tell_fields(const struct player *player, const struct recorded *expected,
                                extvm_bytes body, extvm_error *error) {
    char *then = NULL, *now = NULL;
    extvm_status status =
        fields_of(player, expected, expected->body, EXTVM_MESSAGE_TEXT, &then, error);
    if (status == EXTVM_OK) {
        status = fields_of(player, expected, body, EXTVM_MESSAGE_TEXT, &now, error);
    }
    struct buffer text;
    buffer_init(&text, &player->recording->allocator, SIZE_MAX / 2);
    if (status == EXTVM_OK && !list_differences(then, now, &text)) {
        status = EXTVM_NO_MEMORY;
    }
    if (status == EXTVM_OK) {
        tell(player, "call %zu (line %llu): %s differs: %s", player->index + 1,
             (unsigned long long)expected->place, expected->type->name, (const char *)text.data);
    }
    buffer_free(&text);
    release(player, then);
    release(player, now);
    return status;
}

/* `*fits`: what comes after the recorded message can be played. */
static extvm_status compare(const struct player *player, const struct recorded *expected,
                            extvm_bytes body, bool *fits, extvm_error *error) {
    extvm_error why = {EXTVM_OK, ""};
    bool same = extvm_bytes_equal(expected->body, body);
    extvm_status status = same ? EXTVM_OK : means_the_same(player, expected, body, &same, &why);
    if (status == EXTVM_OK && !same) {
        status = tell_fields(player, expected, body, &why);
    }
    *fits = status == EXTVM_OK;
    if (status == EXTVM_NO_MEMORY) {
        return error_no_memory(error, "a difference");
    }
    if (status != EXTVM_OK) {
        tell(player, "call %zu (line %llu): %s was recorded, and the node sends something else: %s",
             player->index + 1, (unsigned long long)expected->place, expected->type->name,
             why.text);
    }
    return EXTVM_OK;
}

/* -- playing -- */

static bool put_frame(struct player *player, extvm_bytes body) {
    size_t start = player->out.size;
    return frame_begin(&player->out) && buffer_append(&player->out, body.data, body.size) &&
           frame_end(&player->out, start);
}

/* What the recorded VM said to the message `last`. */
static extvm_status play_on(struct player *player, const struct recorded *last, bool *leaves,
                            extvm_error *error) {
    const struct recorded *next = last->next;
    if (next != NULL && !put_frame(player, next->body)) {
        return error_no_memory(error, "a recorded frame");
    }
    *leaves = next == NULL || (next->type->kind != MESSAGE_RESULT && next->next == NULL);
    player->expected = next != NULL && next->type->kind != MESSAGE_RESULT ? next->next : NULL;
    player->index += player->expected == NULL;
    return EXTVM_OK;
}

extvm_status player_take(struct player *player, extvm_bytes body, bool *leaves,
                         extvm_error *error) {
    const struct recorded_call *call = call_at_hand(player);
    bool fits;
    *leaves = call == NULL;
    if (call == NULL) {
        tell(player, "the node sends more than the %zu calls that were recorded", player->index);
        return EXTVM_OK;
    }
    const struct recorded *expected = !player->greeted           ? call->hello
                                      : player->expected == NULL ? call->first
                                                                 : player->expected;
    extvm_status status = compare(player, expected, body, &fits, error);
    if (status != EXTVM_OK || !fits) {
        *leaves = true;
        return status;
    }
    if (!player->greeted) {
        player->greeted = true;
        return EXTVM_OK;
    }
    return play_on(player, expected, leaves, error);
}

void player_end(struct player *player) {
    if (player->expected != NULL) {
        tell(player, "call %zu (line %llu): the node ended the session, and %s was recorded",
             player->index + 1, (unsigned long long)player->expected->place,
             player->expected->type->name);
        player->expected = NULL;
    }
}

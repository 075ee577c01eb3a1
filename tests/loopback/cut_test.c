/* A dialogue that ends after each of its bytes, in each direction, with a close and with a reset:
 * each cut has the status that its place says, never a result that is not the dialogue's, and the
 * next call on the same handle works. The dialogues are recorded first: those of the rich calls,
 * and that of the real KEVM (vectors/kevm-session) where it is there. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/cmocka.h"

#include "common/clock.h"
#include "support/async_run.h"
#include "support/recorded_call.h"
#include "support/result_equal.h"
#include "support/rich_call.h"

enum { FRAMES = 32, HEADER = 4, SECONDS_OF_PATIENCE = 20, PLAYERS = 4, TEXT_SIZE = 256 };

/* What went over the wire, frame by frame. */
struct recording {
    const char *name;
    const struct protocol *protocol;
    const extvm_call *call;
    const extvm_world *world;
    extvm_result *result;
    struct frame {
        extvm_direction direction;
        uint8_t *data;
        size_t size;
    } frames[FRAMES];
    size_t count;
    size_t sizes[2];  /* bytes of each direction */
    size_t first_two; /* bytes of Hello and CallContext */
};

/* -- recording -- */

static void note_frame(void *context, const extvm_trace_message *message) {
    struct recording *recording = context;
    size_t size = message->body.size + HEADER;
    if (recording->count >= FRAMES) {
        return; /* the recording then does not end with its result */
    }
    struct frame *frame = &recording->frames[recording->count];
    *frame = (struct frame){message->direction, malloc(size), size};
    for (unsigned i = 0; i < HEADER; i++) {
        frame->data[i] = (uint8_t)(message->body.size >> (8 * (HEADER - 1 - i)));
    }
    if (message->body.size > 0) {
        memcpy(frame->data + HEADER, message->body.data, message->body.size);
    }
    recording->sizes[message->direction] += size;
    recording->first_two += recording->count < 2 ? size : 0;
    recording->count++;
}

/* Runs the call once on a scripted VM, which takes the script over. */
static void record(struct recording *recording, char *script) {
    struct scripted_vm *scripted = scripted_vm_start(recording->protocol, script, NULL);
    free(script);
    assert_non_null(scripted);
    extvm_options *options = case_options("10s");
    extvm_options_set_trace(options, note_frame, recording);
    extvm_vm *vm = case_open(scripted, options);
    extvm_error error = {EXTVM_OK, ""};
    extvm_run(vm, recording->call, recording->world, &recording->result, &error);
    extvm_close(vm);
    extvm_options_free(options);
    assert_string_equal(error.text, "");
    assert_string_equal(scripted_vm_stop(scripted).failure, "");
    assert_true(recording->frames[recording->count - 1].direction == EXTVM_VM_TO_NODE);
}

static void recording_free(struct recording *recording) {
    for (size_t i = 0; i < recording->count; i++) {
        free(recording->frames[i].data);
    }
    extvm_result_free(recording->result);
}

/* -- a VM that plays the recording and stops in the middle -- */

struct cut {
    extvm_direction direction;
    size_t after; /* bytes of that direction */
    bool reset;
};

/* What the caller must be told. */
static extvm_status expected_status(const struct recording *recording, const struct cut *cut) {
    if (cut->direction == EXTVM_NODE_TO_VM && cut->after <= recording->first_two) {
        return EXTVM_VERSION_REJECTED; /* nothing was heard yet */
    }
    if (cut->direction == EXTVM_VM_TO_NODE && cut->after == recording->sizes[EXTVM_VM_TO_NODE]) {
        return EXTVM_OK; /* the result is there */
    }
    size_t end = 0;
    for (size_t i = 0; end < cut->after; i++) {
        end += recording->frames[i].direction == cut->direction ? recording->frames[i].size : 0;
    }
    if (cut->reset) {
        return EXTVM_VM_RESET;
    }
    if (end == cut->after) {
        return EXTVM_VM_CLOSED;
    }
    /* Closed with bytes unread it is a reset. */
    return cut->direction == EXTVM_VM_TO_NODE ? EXTVM_VM_CLOSED_IN_FRAME : EXTVM_VM_RESET;
}

/* How a call is run: extvm_run, or one that drives an event loop. */
typedef extvm_status run_fn(extvm_vm *vm, const extvm_call *call, const extvm_world *world,
                            extvm_result **result, extvm_error *error);

struct player {
    const struct recording *recording;
    pthread_t thread, caller;
    int listener;
    char address[64];
    sem_t left; /* connections that the player has closed */
    const struct cut *cuts;
    size_t count, first, step; /* this player's are `first`, `first` + `step`, … */
    run_fn *run;
    char failure[TEXT_SIZE];    /* the caller's */
    char vm_failure[TEXT_SIZE]; /* the VM's */
};

static bool take(struct player *player, int socket, const uint8_t *data, size_t size) {
    uint8_t got[4096];
    for (size_t at = 0; at < size;) {
        size_t wanted = size - at < sizeof got ? size - at : sizeof got;
        ssize_t part = recv(socket, got, wanted, 0);
        if (part <= 0 || memcmp(got, data + at, (size_t)part) != 0) {
            snprintf(player->vm_failure, sizeof player->vm_failure, "%s",
                     part <= 0 ? "the node stopped" : "the node said something else");
            return false;
        }
        at += (size_t)part;
    }
    return true;
}

/* With MSG_MORE the last bytes go out with the FIN, so that nothing can come in between. */
static void play_session(struct player *player, int socket, const struct cut *cut) {
    size_t left = cut->after;
    bool good = true;
    for (size_t i = 0; i < player->recording->count && good; i++) {
        const struct frame *frame = &player->recording->frames[i];
        bool counts = frame->direction == cut->direction;
        size_t size = counts && left < frame->size ? left : frame->size;
        bool is_last = counts && left <= frame->size;
        if (frame->direction == EXTVM_NODE_TO_VM) {
            good = take(player, socket, frame->data, size);
        } else {
            int more = is_last && !cut->reset ? MSG_MORE : 0;
            good = send(socket, frame->data, size, MSG_NOSIGNAL | more) == (ssize_t)size;
        }
        left -= counts ? size : 0;
        good = good && !is_last;
    }
}

/* Ends the VM's side after its last bytes. The kernel lets those go after 200 ms also without the
 * FIN: what a node that was quicker than this thread has answered is taken first, or the close
 * would be a reset. */
static void end_after_last_bytes(int socket) {
    char answer[4096];
    shutdown(socket, SHUT_WR);
    while (recv(socket, answer, sizeof answer, MSG_DONTWAIT) > 0) {
    }
}

/* False: nobody came. */
static bool serve(struct player *player, const struct cut *cut) {
    const struct timeval patience = {.tv_sec = SECONDS_OF_PATIENCE};
    const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    int on = 1, socket = accept4(player->listener, NULL, NULL, SOCK_CLOEXEC);
    if (socket < 0) {
        snprintf(player->vm_failure, sizeof player->vm_failure, "nobody connected");
        return false;
    }
    setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    play_session(player, socket, cut);
    if (cut->reset) {
        setsockopt(socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    } else if (cut->direction == EXTVM_VM_TO_NODE) {
        end_after_last_bytes(socket);
    }
    close(socket);
    sem_post(&player->left);
    return true;
}

/* A cut dialogue, a whole one, and so on. */
static void *play(void *argument) {
    struct player *player = argument;
    const struct cut whole = {EXTVM_VM_TO_NODE, player->recording->sizes[EXTVM_VM_TO_NODE], false};
    bool good = true;
    for (size_t i = player->first; i < player->count && good; i += player->step) {
        good = serve(player, &player->cuts[i]) && serve(player, &whole);
    }
    return NULL;
}

/* -- the calls -- */

static void run_one(struct player *player, extvm_vm *vm, const struct cut *cut,
                    extvm_status wanted) {
    const struct recording *recording = player->recording;
    extvm_result *result = NULL;
    extvm_error error = {EXTVM_OK, ""};
    uint64_t start = clock_now();
    extvm_status status = player->run(vm, recording->call, recording->world, &result, &error);
    const struct timespec patience =
        clock_timespec(clock_now() + SECONDS_OF_PATIENCE * NANOSECONDS_IN_SECOND);
    /* So that what the player ends with is here before the next call. */
    bool in_time = sem_clockwait(&player->left, CLOCK_MONOTONIC, &patience) == 0 &&
                   clock_now() - start < SECONDS_OF_PATIENCE * NANOSECONDS_IN_SECOND / 2;
    bool right = (status == EXTVM_OK) == (result != NULL) &&
                 (result == NULL || result_equal(result, recording->result));
    if ((status != wanted || !right || !in_time) && player->failure[0] == '\0') {
        snprintf(player->failure, sizeof player->failure,
                 "%s%s after byte %zu %s: %s, expected %s%s%s", wanted == EXTVM_OK ? "after " : "",
                 cut->reset ? "reset" : "close", cut->after,
                 cut->direction == EXTVM_VM_TO_NODE ? "of the VM" : "of the node",
                 extvm_status_name(status), extvm_status_name(wanted),
                 right ? "" : ", a wrong result", in_time ? "" : ", not in time");
    }
    extvm_result_free(result);
}

static void *call_all(void *argument) {
    struct player *player = argument;
    extvm_options *options = case_options("10s");
    extvm_vm *vm = NULL;
    extvm_options_set(options, "retry-delay", "0s", NULL);
    extvm_open(player->address, options, &vm, NULL);
    extvm_options_free(options);
    for (size_t i = player->first; i < player->count && player->failure[0] == '\0';
         i += player->step) {
        const struct cut *cut = &player->cuts[i];
        run_one(player, vm, cut, expected_status(player->recording, cut));
        run_one(player, vm, cut, EXTVM_OK);
    }
    extvm_close(vm);
    return NULL;
}

static void player_listen(struct player *player) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    const struct timeval patience = {.tv_sec = SECONDS_OF_PATIENCE};
    bool is_kevm = player->recording->protocol == rich_kevm.protocol;
    player->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(player->listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(getsockname(player->listener, (struct sockaddr *)&address, &size), 0);
    assert_int_equal(listen(player->listener, 8), 0);
    setsockopt(player->listener, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    snprintf(player->address, sizeof player->address, "%s://127.0.0.1:%u",
             is_kevm ? "kevm" : "iele", ntohs(address.sin_port));
}

static size_t make_cuts(const struct recording *recording, struct cut **out) {
    size_t count = 0, bytes = recording->sizes[0] + recording->sizes[1];
    struct cut *cuts = calloc(2 * bytes, sizeof *cuts);
    for (unsigned reset = 0; reset < 2; reset++) {
        for (unsigned direction = 0; direction < 2; direction++) {
            for (size_t after = 1; after <= recording->sizes[direction]; after++) {
                cuts[count++] = (struct cut){(extvm_direction)direction, after, reset == 1};
            }
        }
    }
    *out = cuts;
    return count;
}

static size_t all_cuts;

static void cut_everywhere(const struct recording *recording, const char *how, run_fn *run) {
    struct player players[PLAYERS] = {0};
    struct cut *cuts;
    size_t count = make_cuts(recording, &cuts), failed = 0;
    for (size_t i = 0; i < PLAYERS; i++) {
        struct player *player = &players[i];
        *player = (struct player){.recording = recording,
                                  .run = run,
                                  .cuts = cuts,
                                  .count = count,
                                  .first = i,
                                  .step = PLAYERS};
        sem_init(&player->left, 0, 0);
        player_listen(player);
        assert_int_equal(pthread_create(&player->thread, NULL, play, player), 0);
        assert_int_equal(pthread_create(&player->caller, NULL, call_all, player), 0);
    }
    for (size_t i = 0; i < PLAYERS; i++) {
        pthread_join(players[i].caller, NULL);
        pthread_join(players[i].thread, NULL);
        close(players[i].listener);
        sem_destroy(&players[i].left);
        if (players[i].failure[0] != '\0' || players[i].vm_failure[0] != '\0') {
            print_error("%s; %s\n", players[i].failure, players[i].vm_failure);
            failed++;
        }
    }
    free(cuts);
    print_message("# %s, %s: %zu bytes, %zu cuts\n", recording->name, how,
                  recording->sizes[0] + recording->sizes[1], count);
    all_cuts += count;
    assert_int_equal(failed, 0);
}

/* -- the dialogues -- */

static void cut_rich(const struct dialect *dialect, const char *name) {
    struct rich rich;
    rich_init(&rich, dialect);
    struct recording recording = {
        .name = name, .protocol = dialect->protocol, .call = &rich.one.call, .world = &rich.world};
    record(&recording, rich_script(dialect, 1));
    cut_everywhere(&recording, "blocking", extvm_run);
    cut_everywhere(&recording, "async", async_run);
    recording_free(&recording);
    rich_free(&rich);
}

static void kevm_call_may_be_cut_after_each_byte(void **unused) {
    (void)unused;
    cut_rich(&rich_kevm, "KEVM");
}

static void iele_call_may_be_cut_after_each_byte(void **unused) {
    (void)unused;
    cut_rich(&rich_iele, "IELE");
}

/* The recorded frames of the VM, with what the node says taken as it comes. */
static char *script_of_file(FILE *file) {
    char *text;
    size_t size;
    uint8_t bytes[RECORDED_VM_SIZE];
    assert_int_equal(fread(bytes, 1, sizeof bytes, file), sizeof bytes);
    FILE *script = open_memstream(&text, &size);
    fputs("> any\n", script);
    for (size_t at = 0, end = 0; at < sizeof bytes; at++) {
        if (at == end) {
            end = at + HEADER + ((size_t)bytes[at + 2] << 8 | bytes[at + 3]);
            fputs("\n> any\n< ", script);
        }
        fprintf(script, "%02x", bytes[at]);
    }
    fclose(script);
    return text;
}

static void recorded_kevm_session_may_be_cut_after_each_byte(void **unused) {
    (void)unused;
    char path[512];
    snprintf(path, sizeof path, "%s/vectors/kevm-session/accesslist_proto.bin.expected",
             shared_folder() != NULL ? shared_folder() : "");
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        print_message("the vectors are not there (EXTVM_SHARED)\n");
        skip();
    }
    struct recorded_call made;
    extvm_state *state = extvm_state_new(NULL);
    recorded_call_init(&made);
    recorded_world_init(state);
    const extvm_world world = extvm_state_world(state);
    struct recording recording = {.name = "KEVM, recorded",
                                  .protocol = rich_kevm.protocol,
                                  .call = &made.one.call,
                                  .world = &world};
    record(&recording, script_of_file(file));
    fclose(file);
    cut_everywhere(&recording, "blocking", extvm_run);
    cut_everywhere(&recording, "async", async_run);
    recording_free(&recording);
    extvm_state_free(state);
    print_message("# %zu cuts in all\n", all_cuts);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kevm_call_may_be_cut_after_each_byte),
        cmocka_unit_test(iele_call_may_be_cut_after_each_byte),
        cmocka_unit_test(recorded_kevm_session_may_be_cut_after_each_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

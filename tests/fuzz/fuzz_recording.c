/* Recordings: whatever messages are added, each is taken or refused with a line of text; every call
 * of what was taken can be looked at and gives a result or a status; nothing is kept. Control bytes
 * 0: which allocation fails (none for 0). The rest are messages, each two bytes and its body: the
 * number of its name, with 16 for protocol 3.0 and 32 for another session; and its size, which 255
 * makes the next two bytes. */
#include <extvm/recording.h>

#include "fuzz.h"

static const char *const names[] = {"Hello",       "CallContext",  "GetAccount", "Account",
                                    "GetCode",     "Code",         "CallResult", "GetStorageData",
                                    "StorageData", "GetBlockhash", "Blockhash",  "Unknown"};

/* Takes `count` bytes from the front, or what there is. */
static extvm_bytes take(extvm_bytes *bytes, size_t count) {
    extvm_bytes taken = {bytes->data, count < bytes->size ? count : bytes->size};
    *bytes = (extvm_bytes){bytes->data + taken.size, bytes->size - taken.size};
    return taken;
}

static extvm_recorded_message next_message(extvm_bytes *bytes) {
    extvm_bytes head = take(bytes, 2);
    size_t size = head.data[1];
    if (size == 255) {
        extvm_bytes more = take(bytes, 2);
        size = more.size == 2 ? (size_t)more.data[0] << 8 | more.data[1] : 0;
    }
    return (extvm_recorded_message){.protocol = (head.data[0] & 16) != 0 ? "3.0" : "2.2",
                                    .session = (head.data[0] & 32) != 0,
                                    .name = names[(head.data[0] & 15) % 12],
                                    .body = take(bytes, size)};
}

static void check_fields(const extvm_recorded_message *message, const extvm_allocator *allocator) {
    static const extvm_message_form forms[] = {EXTVM_MESSAGE_TEXT, EXTVM_MESSAGE_JSON};
    for (unsigned i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        char *text;
        extvm_error error;
        extvm_status status = extvm_message_fields(message->protocol, message->name, message->body,
                                                   forms[i], allocator, &text, &error);
        MUST((status == EXTVM_OK) == (text != NULL));
        MUST(text == NULL || strchr(text, '\n') == NULL);
        MUST(text == NULL || forms[i] == EXTVM_MESSAGE_TEXT || text[0] == '{');
        allocator->release(allocator->context, text);
    }
}

static void check_calls(const extvm_recording *recording) {
    extvm_recorded_call call;
    for (size_t i = 0; extvm_recording_call(recording, i, &call); i++) {
        extvm_result *result;
        extvm_error error = {EXTVM_OK, ""};
        extvm_status status = extvm_recording_result(recording, i, &result, &error);
        MUST((status == EXTVM_OK) == (result != NULL));
        MUST(status == EXTVM_OK || error.text[0] != '\0');
        MUST(status != EXTVM_OK || call.is_complete);
        extvm_result_free(result);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct stream stream;
    struct scarce_memory scarce = {.fail_at = 0};
    if (!stream_init(&stream, data, size)) {
        return 0;
    }
    const extvm_allocator allocator = scarce_memory_allocator(&scarce);
    extvm_options *options = extvm_options_new(&allocator);
    extvm_recording *recording = extvm_recording_new(options);
    MUST(recording != NULL);
    scarce.fail_at = stream.control[0] > 0 ? scarce.allocations + stream.control[0] : 0;
    extvm_status status = EXTVM_OK;
    while (status == EXTVM_OK && stream.bytes.size >= 2) {
        const extvm_recorded_message message = next_message(&stream.bytes);
        extvm_error error = {EXTVM_OK, ""};
        status = extvm_recording_add(recording, &message, &error);
        MUST(error.status == status && (status == EXTVM_OK) == (error.text[0] == '\0'));
        check_fields(&message, &allocator);
    }
    if (status == EXTVM_OK) {
        check_calls(recording);
    }
    extvm_recording_free(recording);
    extvm_options_free(options);
    MUST(scarce.live == 0);
    return 0;
}

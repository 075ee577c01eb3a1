/* A recorded result and a new one of the same call: where they differ. */
#include "trace_compare.h"

#include <string.h>

#include "json_difference.h"
#include "json_write.h"
#include "result.h"

static void note_difference(void *context, const char *path, const json_t *one,
                            const json_t *other) {
    json_t *list = context;
    json_t *difference = json_object();
    json_put(difference, "what", json_string(path));
    json_put(difference, "recorded", one != NULL ? json_deep_copy(one) : json_null());
    json_put(difference, "now", other != NULL ? json_deep_copy(other) : json_null());
    json_add(list, difference);
}

/* Whether the account is, by the record, as it was before the call. */
static bool is_unchanged(const extvm_recording *recording, size_t index, json_t *account) {
    extvm_address address;
    extvm_account before;
    const char *hex = json_string_value(json_object_get(account, "address"));
    const char *code = json_string_value(json_object_get(account, "code"));
    if (hex == NULL || code == NULL || strcmp(code, "0x") != 0 ||
        json_object_size(json_object_get(account, "storage")) > 0 ||
        extvm_address_from_hex(hex, &address) != EXTVM_OK ||
        !extvm_recording_account(recording, index, &address, &before)) {
        return false;
    }
    json_t *nonce = json_from_quantity(before.nonce);
    json_t *balance = json_from_quantity(before.balance);
    bool same = json_equal(nonce, json_object_get(account, "nonce")) &&
                json_equal(balance, json_object_get(account, "balance"));
    json_decref(nonce);
    json_decref(balance);
    return same;
}

/* `whole`: with the result. */
static json_t *decided(const extvm_recording *recording, size_t index,
                       const struct trace_outcome *outcome, bool whole) {
    json_t *document = whole ? result_json_decided(outcome->result) : json_object();
    json_t *modified = json_object_get(document, "modifiedAccounts");
    for (size_t i = json_array_size(modified); i > 0; i--) {
        if (is_unchanged(recording, index, json_array_get(modified, i - 1))) {
            json_array_remove(modified, i - 1);
        }
    }
    json_put(document, "status", json_string(extvm_status_name(outcome->status)));
    return document;
}

json_t *trace_compare(const extvm_recording *recording, size_t index,
                      const struct trace_outcome *recorded, const struct trace_outcome *now) {
    json_t *differences = json_array();
    bool whole = recorded->result != NULL && now->result != NULL;
    json_t *one = decided(recording, index, recorded, whole);
    json_t *other = decided(recording, index, now, whole);
    json_differences(one, other, note_difference, differences);
    json_decref(one);
    json_decref(other);
    return differences;
}

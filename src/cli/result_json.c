/* A result as one JSON document, its members in the order of the command's contract. */
#include <string.h>

#include "json_write.h"
#include "report.h"
#include "result.h"

enum { NANOSECONDS_PER_MICROSECOND = 1000 };

static json_t *json_from_number(uint64_t number) {
    return json_integer((json_int_t)number);
}

static json_t *json_from_modified(const extvm_result *result) {
    size_t count;
    const extvm_modified_account *modified = extvm_result_modified(result, &count);
    json_t *list = json_array();
    bool complete = list != NULL;
    for (size_t i = 0; i < count && complete; i++) {
        json_t *account = json_object();
        bool filled = json_put(account, "address", json_from_address(&modified[i].address)) &&
                      json_put_account(account, &modified[i]);
        complete = json_add(list, json_complete(account, filled));
    }
    return json_complete(list, complete);
}

static json_t *json_from_topics(const extvm_log_entry *entry) {
    json_t *list = json_array();
    bool complete = list != NULL;
    for (size_t i = 0; i < entry->topic_count && complete; i++) {
        const extvm_bytes topic = {entry->topics[i].bytes, EXTVM_WORD_SIZE};
        complete = json_add(list, json_from_bytes(topic));
    }
    return json_complete(list, complete);
}

static json_t *json_from_logs(const extvm_result *result) {
    size_t count;
    const extvm_log_entry *logs = extvm_result_logs(result, &count);
    json_t *list = json_array();
    bool complete = list != NULL;
    for (size_t i = 0; i < count && complete; i++) {
        json_t *entry = json_object();
        bool filled = json_put(entry, "address", json_from_address(&logs[i].address)) &&
                      json_put(entry, "topics", json_from_topics(&logs[i])) &&
                      json_put(entry, "data", json_from_bytes(logs[i].data));
        complete = json_add(list, json_complete(entry, filled));
    }
    return json_complete(list, complete);
}

static json_t *json_from_storage_keys(const extvm_access_entry *entry) {
    json_t *list = json_array();
    bool complete = list != NULL;
    for (size_t i = 0; i < entry->storage_key_count && complete; i++) {
        complete = json_add(list, json_from_storage_integer(entry->storage_keys[i]));
    }
    return json_complete(list, complete);
}

static json_t *json_from_access_list(const extvm_access_list *access_list) {
    json_t *list = json_array();
    bool complete = list != NULL;
    for (size_t i = 0; i < access_list->count && complete; i++) {
        const extvm_access_entry *entry = &access_list->entries[i];
        json_t *object = json_object();
        bool filled = json_put(object, "address", json_from_address(&entry->address)) &&
                      json_put(object, "storageKeys", json_from_storage_keys(entry));
        complete = json_add(list, json_complete(object, filled));
    }
    return json_complete(list, complete);
}

static json_t *json_from_coverage(const extvm_result *result) {
    size_t count;
    const extvm_code_coverage *coverage = extvm_result_coverage(result, &count);
    json_t *list = json_array();
    bool complete = list != NULL;
    for (size_t i = 0; i < count && complete; i++) {
        const extvm_bytes hash = {coverage[i].code_hash.bytes, EXTVM_WORD_SIZE};
        json_t *object = json_object();
        bool filled = json_put(object, "codeHash", json_from_bytes(hash)) &&
                      json_put(object, "code", json_from_bytes(coverage[i].code)) &&
                      json_put(object, "coverage", json_from_bytes(coverage[i].coverage));
        complete = json_add(list, json_complete(object, filled));
    }
    return json_complete(list, complete);
}

static json_t *json_from_quirks(const extvm_result *result) {
    size_t count;
    const char *const *quirks = extvm_result_quirks(result, &count);
    json_t *list = json_array();
    bool complete = list != NULL;
    for (size_t i = 0; i < count && complete; i++) {
        complete = json_add(list, json_string(quirks[i]));
    }
    return json_complete(list, complete);
}

static json_t *json_from_queries(const extvm_run_stats *stats) {
    json_t *object = json_object();
    return json_complete(
        object, json_put(object, "account", json_from_number(stats->account_queries)) &&
                    json_put(object, "storage", json_from_number(stats->storage_queries)) &&
                    json_put(object, "code", json_from_number(stats->code_queries)) &&
                    json_put(object, "blockHash", json_from_number(stats->block_hash_queries)));
}

static json_t *json_from_time(uint64_t nanoseconds) {
    return json_from_number(nanoseconds / NANOSECONDS_PER_MICROSECOND);
}

static json_t *json_from_times(const extvm_run_stats *stats) {
    json_t *object = json_object();
    return json_complete(object, json_put(object, "total", json_from_time(stats->total_time)) &&
                                     json_put(object, "vm", json_from_time(stats->vm_time)) &&
                                     json_put(object, "world", json_from_time(stats->world_time)));
}

static json_t *json_from_stats(const extvm_result *result) {
    extvm_run_stats stats = extvm_result_stats(result);
    json_t *object = json_object();
    return json_complete(
        object, json_put(object, "queries", json_from_queries(&stats)) &&
                    json_put(object, "bytesSent", json_from_number(stats.bytes_sent)) &&
                    json_put(object, "bytesReceived", json_from_number(stats.bytes_received)) &&
                    json_put(object, "microseconds", json_from_times(&stats)) &&
                    json_put(object, "attempts", json_from_number(stats.attempts)));
}

static bool put_verdict(json_t *document, const extvm_result *result) {
    const char *outcome = extvm_outcome_name(extvm_result_outcome(result));
    return json_put(document, "outcome", json_string(outcome)) &&
           json_put(document, "returnData", json_from_bytes(extvm_result_return_data(result))) &&
           json_put(document, "returnCode",
                    json_from_storage_integer(extvm_result_return_code(result))) &&
           json_put(document, "returnCodeName",
                    json_string(extvm_result_return_code_name(result))) &&
           json_put(document, "gasRemaining",
                    json_from_quantity(extvm_result_gas_remaining(result))) &&
           json_put(document, "gasRefund", json_from_quantity(extvm_result_gas_refund(result))) &&
           json_put(document, "gasUsed", json_from_quantity(extvm_result_gas_used(result)));
}

static bool put_changes(json_t *document, const extvm_result *result) {
    size_t deleted_count;
    size_t touched_count;
    const extvm_address *deleted = extvm_result_deleted(result, &deleted_count);
    const extvm_address *touched = extvm_result_touched(result, &touched_count);
    const extvm_address *created = extvm_result_created_address(result);
    return json_put(document, "modifiedAccounts", json_from_modified(result)) &&
           json_put(document, "deletedAccounts", json_from_addresses(deleted, deleted_count)) &&
           json_put(document, "touchedAccounts", json_from_addresses(touched, touched_count)) &&
           json_put(document, "logs", json_from_logs(result)) &&
           json_put(document, "accessList",
                    json_from_access_list(extvm_result_access_list(result))) &&
           json_put(document, "coverage", json_from_coverage(result)) &&
           json_put(document, "createdAddress",
                    created != NULL ? json_from_address(created) : json_null());
}

json_t *result_json_decided(const extvm_result *result) {
    json_t *document = json_object();
    bool complete =
        document != NULL && put_verdict(document, result) && put_changes(document, result);
    return json_complete(document, complete);
}

extvm_status result_print_json(const extvm_result *result, extvm_error *error) {
    json_t *document = result_json_decided(result);
    bool complete = document != NULL && json_put(document, "quirks", json_from_quirks(result)) &&
                    json_put(document, "stats", json_from_stats(result));
    return json_print(json_complete(document, complete), error);
}

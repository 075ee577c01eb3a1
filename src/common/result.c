/* Results: making, ordering, reading, freeing. */
#include "result.h"

#include <string.h>

#include <extvm/integer.h>

#include "sort.h"

extvm_result *result_new(const extvm_allocator *allocator, struct spare *spare) {
    struct arena arena;
    arena_init_spare(&arena, allocator, spare, SIZE_MAX);
    extvm_result *result = arena_array(&arena, 1, sizeof *result);
    if (result != NULL) {
        result->allocator = *allocator;
        result->arena = arena;
        result->arena.allocator = &result->allocator;
        buffer_init(&result->body, &result->allocator, 0);
    }
    return result;
}

void extvm_result_free(extvm_result *result) {
    if (result != NULL) {
        /* The result itself lies in its arena, and so does the allocator. */
        extvm_allocator allocator = result->allocator;
        struct arena arena = result->arena;
        arena.allocator = &allocator;
        buffer_free(&result->body);
        arena_free(&arena);
    }
}

void result_add_quirk(extvm_result *result, const char *name) {
    for (size_t i = 0; i < result->quirk_count; i++) {
        if (result->quirks[i] == name) {
            return;
        }
    }
    if (result->quirk_count < RESULT_QUIRKS_MAXIMUM) {
        result->quirks[result->quirk_count++] = name;
    }
}

bool result_drop_changes(extvm_result *result) {
    bool any = result->modified_count != 0 || result->deleted_count != 0 ||
               result->touched_count != 0 || result->log_count != 0 ||
               result->access_list.count != 0 || extvm_integer_sign(result->gas_refund) != 0;
    result->modified_count = result->deleted_count = result->touched_count = 0;
    result->log_count = result->access_list.count = 0;
    result->gas_refund = extvm_integer_normalise((extvm_bytes){NULL, 0});
    return any;
}

void result_set_failed(extvm_result *result, extvm_outcome outcome, const char *return_code_name) {
    result->outcome = outcome;
    result->return_code_name = return_code_name;
    if (result_drop_changes(result)) {
        result_add_quirk(result, "lists-dropped");
    }
}

bool result_set_gas_used(extvm_result *result, extvm_bytes gas_provided) {
    extvm_word provided = {{0}}, remaining = {{0}};
    extvm_integer_to_word(gas_provided, &provided);
    extvm_integer_to_word(result->gas_remaining, &remaining);
    int borrow = 0;
    for (unsigned i = EXTVM_WORD_SIZE; i-- > 0;) {
        int digit = provided.bytes[i] - remaining.bytes[i] - borrow;
        borrow = digit < 0 ? 1 : 0;
        provided.bytes[i] = (uint8_t)digit;
    }
    uint8_t canonical[EXTVM_WORD_INTEGER_SIZE];
    return arena_copy(&result->arena, extvm_integer_from_word(&provided, canonical),
                      &result->gas_used);
}

/* -- order -- */

int address_compare(const void *a, const void *b) {
    return memcmp(a, b, EXTVM_ADDRESS_SIZE);
}

static int compare_updates(const void *a, const void *b) {
    return extvm_integer_compare(((const extvm_storage_update *)a)->key,
                                 ((const extvm_storage_update *)b)->key);
}

static int compare_keys(const void *a, const void *b) {
    return extvm_integer_compare(*(const extvm_bytes *)a, *(const extvm_bytes *)b);
}

/* The elements are the result's own: only those who read it see them as they are. */
static void sort(const void *elements, size_t count, size_t size,
                 int (*compare)(const void *, const void *)) {
    sort_in_place((void *)(uintptr_t)elements, count, size, compare);
}

static void sort_by_address(const void *elements, size_t count, size_t size) {
    sort_by_first_bytes((void *)(uintptr_t)elements, count, size, EXTVM_ADDRESS_SIZE);
}

static size_t sort_addresses(extvm_address *addresses, size_t count) {
    sort_by_address(addresses, count, sizeof *addresses);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (kept == 0 || !extvm_address_equal(&addresses[kept - 1], &addresses[i])) {
            addresses[kept++] = addresses[i];
        }
    }
    return kept;
}

static int compare_coverage(const void *a, const void *b) {
    return memcmp(((const extvm_code_coverage *)a)->code_hash.bytes,
                  ((const extvm_code_coverage *)b)->code_hash.bytes, EXTVM_WORD_SIZE);
}

void result_sort(extvm_result *result) {
    sort_by_address(result->modified, result->modified_count, sizeof *result->modified);
    for (size_t i = 0; i < result->modified_count; i++) {
        extvm_modified_account *account = &result->modified[i];
        sort(account->storage, account->storage_count, sizeof *account->storage, compare_updates);
    }
    result->deleted_count = sort_addresses(result->deleted, result->deleted_count);
    result->touched_count = sort_addresses(result->touched, result->touched_count);
    sort(result->coverage, result->coverage_count, sizeof *result->coverage, compare_coverage);
    extvm_access_list *list = &result->access_list;
    sort_by_address(list->entries, list->count, sizeof *list->entries);
    for (size_t i = 0; i < list->count; i++) {
        sort(list->entries[i].storage_keys, list->entries[i].storage_key_count, sizeof(extvm_bytes),
             compare_keys);
    }
}

/* -- reading -- */

const extvm_code_coverage *extvm_result_coverage(const extvm_result *result, size_t *count) {
    *count = result->coverage_count;
    return result->coverage;
}

const char *extvm_outcome_name(extvm_outcome outcome) {
    static const char *const names[] = {[EXTVM_OUTCOME_SUCCESS] = "success",
                                        [EXTVM_OUTCOME_REVERT] = "revert",
                                        [EXTVM_OUTCOME_FAILURE] = "failure"};
    return (size_t)outcome < sizeof names / sizeof names[0] ? names[outcome] : "unknown";
}

extvm_outcome extvm_result_outcome(const extvm_result *result) {
    return result->outcome;
}

extvm_bytes extvm_result_return_data(const extvm_result *result) {
    return result->return_data;
}

extvm_bytes extvm_result_return_code(const extvm_result *result) {
    return result->return_code;
}

const char *extvm_result_return_code_name(const extvm_result *result) {
    return result->return_code_name;
}

extvm_bytes extvm_result_gas_remaining(const extvm_result *result) {
    return result->gas_remaining;
}

extvm_bytes extvm_result_gas_refund(const extvm_result *result) {
    return result->gas_refund;
}

extvm_bytes extvm_result_gas_used(const extvm_result *result) {
    return result->gas_used;
}

extvm_bytes extvm_result_milligas_remaining(const extvm_result *result) {
    return result->milligas_remaining;
}

const extvm_address *extvm_result_created_address(const extvm_result *result) {
    return result->created ? &result->created_address : NULL;
}

const extvm_modified_account *extvm_result_modified(const extvm_result *result, size_t *count) {
    *count = result->modified_count;
    return result->modified;
}

const extvm_address *extvm_result_deleted(const extvm_result *result, size_t *count) {
    *count = result->deleted_count;
    return result->deleted;
}

const extvm_address *extvm_result_touched(const extvm_result *result, size_t *count) {
    *count = result->touched_count;
    return result->touched;
}

const extvm_log_entry *extvm_result_logs(const extvm_result *result, size_t *count) {
    *count = result->log_count;
    return result->logs;
}

const extvm_access_list *extvm_result_access_list(const extvm_result *result) {
    return &result->access_list;
}

const char *const *extvm_result_quirks(const extvm_result *result, size_t *count) {
    *count = result->quirk_count;
    return result->quirks;
}

extvm_run_stats extvm_result_stats(const extvm_result *result) {
    return result->stats;
}

/* Whether two results mean the same; both are sorted, so that lists are compared as sets. */
#ifndef EXTVM_TESTS_RESULT_EQUAL_H
#define EXTVM_TESTS_RESULT_EQUAL_H

#include <string.h>

#include <extvm/integer.h>

#include "common/result.h"

static inline bool same_number(extvm_bytes a, extvm_bytes b) {
    return extvm_integer_compare(a, b) == 0;
}

static inline bool same_storage(const extvm_modified_account *a, const extvm_modified_account *b) {
    bool same = a->storage_count == b->storage_count;
    for (size_t i = 0; same && i < a->storage_count; i++) {
        same = same_number(a->storage[i].key, b->storage[i].key) &&
               same_number(a->storage[i].value, b->storage[i].value);
    }
    return same;
}

static inline bool same_modified(const extvm_result *a, const extvm_result *b) {
    bool same = a->modified_count == b->modified_count;
    for (size_t i = 0; same && i < a->modified_count; i++) {
        const extvm_modified_account *x = &a->modified[i], *y = &b->modified[i];
        same = extvm_address_equal(&x->address, &y->address) && same_number(x->nonce, y->nonce) &&
               same_number(x->balance, y->balance) && extvm_bytes_equal(x->code, y->code) &&
               same_storage(x, y);
    }
    return same;
}

static inline bool same_addresses(const extvm_address *a, size_t a_count, const extvm_address *b,
                                  size_t b_count) {
    return a_count == b_count && (a_count == 0 || memcmp(a, b, a_count * sizeof *a) == 0);
}

static inline bool same_logs(const extvm_result *a, const extvm_result *b) {
    bool same = a->log_count == b->log_count;
    for (size_t i = 0; same && i < a->log_count; i++) {
        const extvm_log_entry *x = &a->logs[i], *y = &b->logs[i];
        same = extvm_address_equal(&x->address, &y->address) && x->topic_count == y->topic_count &&
               (x->topic_count == 0 ||
                memcmp(x->topics, y->topics, x->topic_count * sizeof *x->topics) == 0) &&
               extvm_bytes_equal(x->data, y->data);
    }
    return same;
}

static inline bool same_access_list(const extvm_access_list *a, const extvm_access_list *b) {
    bool same = a->count == b->count;
    for (size_t i = 0; same && i < a->count; i++) {
        const extvm_access_entry *x = &a->entries[i], *y = &b->entries[i];
        same = extvm_address_equal(&x->address, &y->address) &&
               x->storage_key_count == y->storage_key_count;
        for (size_t j = 0; same && j < x->storage_key_count; j++) {
            same = same_number(x->storage_keys[j], y->storage_keys[j]);
        }
    }
    return same;
}

/* As the VM sent them: outcome and quirks are what the node makes of it. */
static inline bool result_equal(const extvm_result *a, const extvm_result *b) {
    return a->error == b->error && extvm_bytes_equal(a->return_data, b->return_data) &&
           same_number(a->return_code, b->return_code) &&
           same_number(a->gas_remaining, b->gas_remaining) &&
           same_number(a->gas_refund, b->gas_refund) && same_modified(a, b) &&
           same_addresses(a->deleted, a->deleted_count, b->deleted, b->deleted_count) &&
           same_addresses(a->touched, a->touched_count, b->touched, b->touched_count) &&
           same_logs(a, b) && same_access_list(&a->access_list, &b->access_list);
}

#endif

/* CallResult from the wire (protocol/kevm.md and protocol/iele.md, section 10). Each message is
 * gone through twice, once to count what it repeats and once to take it. */
#include "result_read.h"

#include <extvm/integer.h>

#include "error.h"
#include "frame.h"
#include "result.h"

/* Bodies over this are taken over, with the buffer that they came in: the reader would give it back
 * anyway. Smaller ones are copied. */
enum { LARGE_BODY = FRAME_READ_SIZE - FRAME_HEADER_SIZE };

/* Field numbers, as in proto/vm.proto. */
enum {
    RESULT_RETURN_DATA = 1,
    RESULT_RETURN_CODE,
    RESULT_GAS_REMAINING,
    RESULT_GAS_REFUND,
    RESULT_ERROR,
    RESULT_MODIFIED,
    RESULT_DELETED,
    RESULT_TOUCHED,
    RESULT_LOG,
    RESULT_EXTRA
};
enum { ACCOUNT_ADDRESS = 1, ACCOUNT_NONCE, ACCOUNT_BALANCE, ACCOUNT_STORAGE, ACCOUNT_CODE };
enum { UPDATE_KEY = 1, UPDATE_VALUE };
enum { LOG_ADDRESS = 1, LOG_TOPIC, LOG_DATA };
enum { NUMBERS = RESULT_EXTRA + 1 /* of every message */ };

static ProtobufCBinaryData integer_bytes(const struct message_rules *rules,
                                         const struct wire_field *field) {
    return rules->is_signed ? wire_bytes(field) : wire_unsigned(field);
}

/* Counts the fields by their numbers; false when the message is broken, or a field up to number
 * `last` is no byte string, apart from the varint `varint`. */
static bool count_fields(struct wire wire, uint32_t last, uint32_t varint, size_t counts[NUMBERS]) {
    struct wire_field field;
    bool broken;
    for (uint32_t i = 0; i < NUMBERS; i++) {
        counts[i] = 0;
    }
    while (wire_next(&wire, &field, &broken)) {
        if (field.number <= last) {
            if (field.type != (field.number == varint ? WIRE_VARINT : WIRE_BYTES)) {
                return false;
            }
            counts[field.number]++;
        }
    }
    return !broken;
}

/* -- accounts -- */

static extvm_status read_update(const struct message_rules *rules, struct wire wire,
                                struct arena *arena, extvm_storage_update *update,
                                extvm_error *error) {
    struct wire_field field;
    size_t counts[NUMBERS];
    if (!count_fields(wire, UPDATE_VALUE, 0, counts)) {
        return protobuf_malformed("StorageUpdate", wire_left(wire), error);
    }
    extvm_status status = EXTVM_OK;
    bool broken;
    update->key = update->value = extvm_integer_normalise((extvm_bytes){NULL, 0});
    while (status == EXTVM_OK && wire_next(&wire, &field, &broken)) {
        if (field.number == UPDATE_KEY) {
            status = rules->read_integer("StorageUpdate.offset", integer_bytes(rules, &field),
                                         arena, &update->key, error);
        } else if (field.number == UPDATE_VALUE) {
            status = rules->read_integer("StorageUpdate.data", integer_bytes(rules, &field), arena,
                                         &update->value, error);
        }
    }
    return status;
}

/* A number that the VM always sends, 0 as 00: without it a result would say 0 by saying nothing. */
static extvm_status missing(const char *name, extvm_error *error) {
    return error_set(error, EXTVM_MALFORMED_MESSAGE,
                     "%s is missing: check which VM it is and its version", name);
}

/* Some servers leave out what is unchanged (protocol/kevm.md, section 14): `*out` stays empty. */
static extvm_status read_number(const char *name, const struct wire_field *field,
                                struct arena *arena, extvm_bytes *out, extvm_error *error) {
    *out = (extvm_bytes){NULL, 0};
    return field->size == 0 ? EXTVM_OK
                            : read_unsigned_field(name, wire_unsigned(field), arena, out, error);
}

static extvm_status check_numbers(const extvm_modified_account *account, extvm_error *error) {
    if (account->nonce.size > 0 && account->balance.size > 0) {
        return EXTVM_OK;
    }
    return missing(account->nonce.size == 0 ? "ModifiedAccount.nonce" : "ModifiedAccount.balance",
                   error);
}

static extvm_status read_account_field(const struct message_rules *rules,
                                       const struct wire_field *field, struct arena *arena,
                                       extvm_modified_account *account,
                                       extvm_storage_update *updates, extvm_error *error) {
    switch (field->number) {
    case ACCOUNT_ADDRESS:
        return read_address_field("ModifiedAccount.address", wire_bytes(field), &account->address,
                                  error);
    case ACCOUNT_NONCE:
        return read_number("ModifiedAccount.nonce", field, arena, &account->nonce, error);
    case ACCOUNT_BALANCE:
        return read_number("ModifiedAccount.balance", field, arena, &account->balance, error);
    case ACCOUNT_STORAGE:
        return read_update(rules, wire_of(field), arena, &updates[account->storage_count++], error);
    case ACCOUNT_CODE:
        account->code = (extvm_bytes){field->data, field->size};
        return EXTVM_OK;
    default:
        return EXTVM_OK;
    }
}

static extvm_status read_account(const struct message_rules *rules, struct wire wire,
                                 struct arena *arena, extvm_modified_account *account,
                                 extvm_error *error) {
    struct wire_field field;
    size_t counts[NUMBERS];
    if (!count_fields(wire, ACCOUNT_CODE, 0, counts)) {
        return protobuf_malformed("ModifiedAccount", wire_left(wire), error);
    }
    if (counts[ACCOUNT_ADDRESS] == 0) {
        return read_address_field("ModifiedAccount.address", (ProtobufCBinaryData){0, NULL},
                                  &account->address, error);
    }
    extvm_storage_update *updates = arena_array(arena, counts[ACCOUNT_STORAGE], sizeof *updates);
    if (updates == NULL && counts[ACCOUNT_STORAGE] > 0) {
        return error_no_memory(error, "storage updates");
    }
    extvm_status status = EXTVM_OK;
    bool broken;
    account->storage = updates;
    while (status == EXTVM_OK && wire_next(&wire, &field, &broken)) {
        status = read_account_field(rules, &field, arena, account, updates, error);
    }
    return status == EXTVM_OK && !rules->leaves_out ? check_numbers(account, error) : status;
}

/* -- logs -- */

enum { TOPICS_MAXIMUM = 4 /* LOG4; protocol/iele-vm.md: "log with 0 … 4 topics" */ };

static extvm_status read_log(struct wire wire, struct arena *arena, extvm_log_entry *entry,
                             extvm_error *error) {
    struct wire_field field;
    size_t counts[NUMBERS], topic = 0;
    if (!count_fields(wire, LOG_DATA, 0, counts)) {
        return protobuf_malformed("LogEntry", wire_left(wire), error);
    }
    if (counts[LOG_TOPIC] > TOPICS_MAXIMUM) {
        return error_set(error, EXTVM_MALFORMED_MESSAGE, "a LogEntry has %zu topics: at most %d",
                         counts[LOG_TOPIC], TOPICS_MAXIMUM);
    }
    extvm_word *topics = arena_array(arena, counts[LOG_TOPIC], sizeof *topics);
    if (topics == NULL && counts[LOG_TOPIC] > 0) {
        return error_no_memory(error, "log topics");
    }
    entry->topics = topics;
    entry->topic_count = counts[LOG_TOPIC];
    extvm_status status =
        counts[LOG_ADDRESS] == 0
            ? read_address_field("LogEntry.address", (ProtobufCBinaryData){0, NULL},
                                 &entry->address, error)
            : EXTVM_OK;
    bool broken;
    while (status == EXTVM_OK && wire_next(&wire, &field, &broken)) {
        if (field.number == LOG_ADDRESS) {
            status =
                read_address_field("LogEntry.address", wire_bytes(&field), &entry->address, error);
        } else if (field.number == LOG_TOPIC) {
            status =
                read_word_field("a topic of LogEntry", wire_bytes(&field), &topics[topic++], error);
        } else if (field.number == LOG_DATA) {
            entry->data = (extvm_bytes){field.data, field.size};
        }
    }
    return status;
}

/* -- the result -- */

/* Refuses entries that are too short to hold their address before memory is taken for them: an
 * entry of two bytes would take fifty. */
static extvm_status check_entries(struct wire wire, extvm_error *error) {
    static const struct {
        const char *name;
        size_t least; /* bytes */
    } rows[NUMBERS] = {
        [RESULT_MODIFIED] = {"ModifiedAccount.address", EXTVM_ADDRESS_SIZE + 2},
        [RESULT_DELETED] = {"an address of deletedAccounts", EXTVM_ADDRESS_SIZE},
        [RESULT_TOUCHED] = {"an address of touchedAccounts", EXTVM_ADDRESS_SIZE},
        [RESULT_LOG] = {"LogEntry.address", EXTVM_ADDRESS_SIZE + 2},
    };
    struct wire_field field;
    bool broken;
    while (wire_next(&wire, &field, &broken)) {
        if (field.number < NUMBERS && field.type == WIRE_BYTES &&
            field.size < rows[field.number].least) {
            extvm_address unused;
            size_t size = field.size < EXTVM_ADDRESS_SIZE ? field.size : 0;
            return read_address_field(rows[field.number].name,
                                      (ProtobufCBinaryData){size, field.data}, &unused, error);
        }
    }
    return EXTVM_OK;
}

static extvm_status make_lists(extvm_result *result, const size_t counts[NUMBERS],
                               extvm_error *error) {
    struct arena *arena = &result->arena;
    result->modified = arena_array(arena, counts[RESULT_MODIFIED], sizeof *result->modified);
    result->deleted = arena_array(arena, counts[RESULT_DELETED], sizeof *result->deleted);
    result->touched = arena_array(arena, counts[RESULT_TOUCHED], sizeof *result->touched);
    result->logs = arena_array(arena, counts[RESULT_LOG], sizeof *result->logs);
    result->gas_remaining = result->gas_refund = extvm_integer_normalise((extvm_bytes){NULL, 0});
    return arena->failed ? error_no_memory(error, "a CallResult") : EXTVM_OK;
}

static extvm_status read_return_code(const struct message_rules *rules,
                                     const struct wire_field *field, extvm_result *result,
                                     extvm_error *error) {
    result->return_code = (extvm_bytes){NULL, 0};
    return field->size == 0
               ? EXTVM_OK
               : rules->read_integer("CallResult.returnCode", integer_bytes(rules, field),
                                     &result->arena, &result->return_code, error);
}

/* What must be there; a failure may do without its gas where servers leave things out: it has used
 * up everything. */
static extvm_status check_present(const struct message_rules *rules, const extvm_result *result,
                                  bool has_gas, extvm_error *error) {
    if (result->return_code.size == 0 && !rules->leaves_out) {
        return missing("CallResult.returnCode", error);
    }
    return has_gas || (result->error && rules->leaves_out)
               ? EXTVM_OK
               : missing("CallResult.gasRemaining", error);
}

static extvm_status read_result_field(const struct message_rules *rules,
                                      const struct wire_field *field, extvm_result *result,
                                      extvm_error *error) {
    struct arena *arena = &result->arena;
    switch (field->number) {
    case RESULT_RETURN_DATA:
        result->return_data = (extvm_bytes){field->data, field->size};
        return EXTVM_OK;
    case RESULT_RETURN_CODE:
        return read_return_code(rules, field, result, error);
    case RESULT_GAS_REMAINING:
        return read_unsigned_field("CallResult.gasRemaining", wire_unsigned(field), arena,
                                   &result->gas_remaining, error);
    case RESULT_GAS_REFUND:
        return read_unsigned_field("CallResult.gasRefund", wire_unsigned(field), arena,
                                   &result->gas_refund, error);
    case RESULT_ERROR:
        result->error = field->varint != 0;
        return EXTVM_OK;
    case RESULT_MODIFIED:
        return read_account(rules, wire_of(field), arena,
                            &result->modified[result->modified_count++], error);
    case RESULT_DELETED:
        return read_address_field("an address of deletedAccounts", wire_bytes(field),
                                  &result->deleted[result->deleted_count++], error);
    case RESULT_TOUCHED:
        return read_address_field("an address of touchedAccounts", wire_bytes(field),
                                  &result->touched[result->touched_count++], error);
    case RESULT_LOG:
        return read_log(wire_of(field), arena, &result->logs[result->log_count++], error);
    default:
        return EXTVM_OK;
    }
}

static extvm_status read_result(const struct message_rules *rules, struct wire wire,
                                extvm_result *result, extvm_error *error) {
    struct wire_field field;
    size_t counts[NUMBERS];
    bool broken, has_gas = false;
    if (!count_fields(wire, RESULT_EXTRA, RESULT_ERROR, counts)) {
        return protobuf_malformed("CallResult", wire_left(wire), error);
    }
    extvm_status status = check_entries(wire, error);
    if (status == EXTVM_OK) {
        status = make_lists(result, counts, error);
    }
    if (status == EXTVM_OK) { /* first: taking the others changes the message */
        status = rules->read_extra(wire, RESULT_EXTRA, counts[RESULT_EXTRA], result, error);
    }
    while (status == EXTVM_OK && wire_next(&wire, &field, &broken)) {
        has_gas = field.number == RESULT_GAS_REMAINING ? field.size > 0 : has_gas;
        status = read_result_field(rules, &field, result, error);
    }
    return status == EXTVM_OK ? check_present(rules, result, has_gas, error) : status;
}

/* Where the result's bytes lie from now on. */
static bool keep_body(extvm_result *result, extvm_bytes body, struct buffer *owner,
                      struct wire *wire) {
    uint8_t *data;
    if (owner != NULL && body.size > LARGE_BODY) {
        data = owner->data + (body.data - owner->data);
        result->body = *owner;
        result->body.allocator = &result->allocator;
        buffer_init_spare(owner, owner->allocator, owner->spare, owner->maximum);
    } else {
        extvm_bytes copy;
        if (!arena_copy(&result->arena, body, &copy)) {
            return false;
        }
        data = (uint8_t *)(uintptr_t)copy.data;
    }
    *wire = (struct wire){data, data + body.size};
    return true;
}

extvm_status result_read(const struct message_rules *rules, extvm_bytes body,
                         const struct wire_field *member, const extvm_allocator *allocator,
                         struct vm_message *message, extvm_error *error) {
    extvm_result *result = result_new(allocator, message->spare);
    struct wire wire;
    if (result == NULL || !keep_body(result, body, message->owner, &wire)) {
        extvm_result_free(result);
        return error_no_memory(error, "a CallResult");
    }
    size_t offset = (size_t)(member->data - body.data);
    wire = (struct wire){wire.at + offset, wire.at + offset + member->size};
    extvm_status status = read_result(rules, wire, result, error);
    if (status != EXTVM_OK) {
        extvm_result_free(result);
        return status;
    }
    message->result = result;
    return EXTVM_OK;
}

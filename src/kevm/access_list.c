/* Access lists, read: of a CallContext from the struct that protobuf-c makes of it, and of a
 * CallResult in place, since that may be as large as a frame. Each address and each storage
 * location becomes an element of one array; sorted, its place is taken by the entries that are made
 * of it, so that a list takes at most 56 bytes for each 24 on the wire. */
#include <assert.h>

#include <extvm/integer.h>

#include "codec.h"
#include "common/error.h"
#include "common/result.h"
#include "common/sort.h"

/* A warm address, or a warm key of it. */
struct warm {
    extvm_address address;
    extvm_bytes key; /* without data: the address alone */
};

static_assert(sizeof(struct warm) == sizeof(extvm_access_entry), "entries take the places of warm");

static const char address_name[] = "an address of the access list";
static const char key_name[] = "a storage location of the access list";

/* -- sorted and grouped -- */

static int compare_warm(const void *left, const void *right) {
    const struct warm *a = left, *b = right;
    int order = address_compare(&a->address, &b->address);
    if (order != 0 || a->key.data == NULL || b->key.data == NULL) {
        return order != 0 ? order : (a->key.data != NULL) - (b->key.data != NULL);
    }
    return extvm_integer_compare(a->key, b->key);
}

/* Makes entries, each address and key once, where the warm ones are: there are never more of them
 * than were read. Returns how many. */
static size_t group_warm(const struct warm *warm, size_t count, extvm_access_entry *entries,
                         extvm_bytes *keys) {
    size_t made = 0;
    struct warm before;
    for (size_t i = 0; i < count; i++) {
        const struct warm one = warm[i];
        if (i > 0 && compare_warm(&before, &one) == 0) {
            continue;
        }
        if (made == 0 || !extvm_address_equal(&entries[made - 1].address, &one.address)) {
            entries[made++] = (extvm_access_entry){.address = one.address, .storage_keys = keys};
        }
        if (one.key.data != NULL) {
            entries[made - 1].storage_key_count++;
            *keys++ = one.key;
        }
        before = one;
    }
    return made;
}

/* Room for all that a list has: the warm ones, and behind them their keys. */
struct room {
    struct warm *warm;
    extvm_bytes *keys;
    size_t count;
};

static extvm_status make_room(size_t addresses, size_t locations, struct arena *arena,
                              struct room *room, extvm_error *error) {
    size_t warm_size, key_size, whole;
    void *memory = NULL;
    if (size_add(addresses, locations, &room->count) &&
        size_multiply(room->count, sizeof *room->warm, &warm_size) &&
        size_multiply(locations, sizeof *room->keys, &key_size) &&
        size_add(warm_size, key_size, &whole)) {
        memory = arena_allocate(arena, whole);
    }
    if (memory == NULL) {
        return protobuf_no_memory(arena, "an access list", error);
    }
    room->warm = memory;
    room->keys = (extvm_bytes *)(void *)(room->warm + room->count);
    return EXTVM_OK;
}

static void finish(const struct room *room, extvm_access_list *list) {
    extvm_access_entry *entries = (extvm_access_entry *)(void *)room->warm;
    sort_in_place(room->warm, room->count, sizeof *room->warm, compare_warm);
    *list = (extvm_access_list){entries, group_warm(room->warm, room->count, entries, room->keys)};
}

/* -- of a CallContext -- */

static extvm_status take_all(const Kevm__AccessListData *data, struct arena *arena,
                             struct warm *warm, extvm_error *error) {
    extvm_status status = EXTVM_OK;
    for (size_t i = 0; i < data->n_addresses && status == EXTVM_OK; i++, warm++) {
        warm->key = (extvm_bytes){NULL, 0};
        status = read_address_field(address_name, data->addresses[i], &warm->address, error);
    }
    for (size_t i = 0; i < data->n_storage_locations && status == EXTVM_OK; i++, warm++) {
        const Kevm__StorageEntry *location = data->storage_locations[i];
        status = read_address_field(address_name, location->address, &warm->address, error);
        if (status == EXTVM_OK) {
            status =
                read_unsigned_field(key_name, location->storage_location, arena, &warm->key, error);
        }
    }
    return status;
}

extvm_status access_list_from_message(const Kevm__AccessListData *data, struct arena *arena,
                                      extvm_access_list *list, extvm_error *error) {
    struct room room;
    extvm_status status =
        make_room(data->n_addresses, data->n_storage_locations, arena, &room, error);
    if (status == EXTVM_OK) {
        status = take_all(data, arena, room.warm, error);
    }
    if (status == EXTVM_OK) {
        finish(&room, list);
    }
    return status;
}

/* -- of a CallResult -- */

/* Field numbers, as in proto/kevm.proto. */
enum { LIST_ADDRESS = 1, LIST_LOCATION };
enum { LOCATION_ADDRESS, LOCATION_KEY, LOCATION_FIELDS }; /* of a StorageEntry */
static const struct wire_known location_fields[] = {
    [LOCATION_ADDRESS] = {1, WIRE_BYTES}, [LOCATION_KEY] = {2, WIRE_BYTES}, {0, WIRE_BYTES}};

/* Checks all but the keys, and counts, before memory is taken: then none of it is for entries that
 * are too short to be any. */
static extvm_status check_list(struct wire wire, size_t counts[LIST_LOCATION + 1],
                               extvm_error *error) {
    const size_t size = wire_left(wire);
    struct wire_field field, parts[LOCATION_FIELDS];
    extvm_status status = EXTVM_OK;
    extvm_address unused;
    bool broken;
    while (status == EXTVM_OK && wire_next(&wire, &field, &broken)) {
        if (field.number > LIST_LOCATION) {
            continue;
        }
        broken = field.type != WIRE_BYTES || (field.number == LIST_LOCATION &&
                                              !wire_take(wire_of(&field), location_fields, parts));
        if (broken) {
            break;
        }
        const struct wire_field *address =
            field.number == LIST_LOCATION ? &parts[LOCATION_ADDRESS] : &field;
        status = read_address_field(address_name, wire_bytes(address), &unused, error);
        counts[field.number]++;
    }
    if (status == EXTVM_OK && broken) {
        status = protobuf_malformed("AccessListData", size, error);
    }
    return status;
}

/* Takes what check_list has seen. */
static extvm_status take_in_place(struct wire wire, struct arena *arena, struct warm *warm,
                                  extvm_error *error) {
    struct wire_field field, parts[LOCATION_FIELDS];
    extvm_status status = EXTVM_OK;
    bool broken;
    while (status == EXTVM_OK && wire_next(&wire, &field, &broken)) {
        if (field.number > LIST_LOCATION) {
            continue;
        }
        bool is_location =
            field.number == LIST_LOCATION && wire_take(wire_of(&field), location_fields, parts);
        const struct wire_field *address = is_location ? &parts[LOCATION_ADDRESS] : &field;
        status = read_address_field(address_name, wire_bytes(address), &warm->address, error);
        warm->key = (extvm_bytes){NULL, 0};
        if (status == EXTVM_OK && is_location) {
            const struct wire_field *key = &parts[LOCATION_KEY];
            warm->key = extvm_integer_normalise(warm->key); /* 0, if nothing is there */
            status = key->data != NULL ? read_unsigned_field(key_name, wire_unsigned(key), arena,
                                                             &warm->key, error)
                                       : EXTVM_OK;
        }
        warm++;
    }
    return status;
}

extvm_status access_list_from_wire(struct wire wire, struct arena *arena, extvm_access_list *list,
                                   extvm_error *error) {
    size_t counts[LIST_LOCATION + 1] = {0};
    struct room room;
    extvm_status status = check_list(wire, counts, error);
    if (status == EXTVM_OK) {
        status = make_room(counts[LIST_ADDRESS], counts[LIST_LOCATION], arena, &room, error);
    }
    if (status == EXTVM_OK) {
        status = take_in_place(wire, arena, room.warm, error);
    }
    if (status == EXTVM_OK) {
        finish(&room, list);
    }
    return status;
}

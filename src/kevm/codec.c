/* The parts of KEVM's messages that both ends write and read: the EthereumConfig, and access lists,
 * which access_list.c reads. */
#include "codec.h"

#include <extvm/integer.h>

#include "common/protobuf.h"
#include "kevm.h"

static const size_t fork_fields[EXTVM_FORK_COUNT] = {
    [EXTVM_FORK_FRONTIER] = offsetof(Kevm__EthereumConfig, frontier_block_number),
    [EXTVM_FORK_HOMESTEAD] = offsetof(Kevm__EthereumConfig, homestead_block_number),
    [EXTVM_FORK_EIP150] = offsetof(Kevm__EthereumConfig, eip150_block_number),
    [EXTVM_FORK_EIP160] = offsetof(Kevm__EthereumConfig, eip160_block_number),
    [EXTVM_FORK_EIP161] = offsetof(Kevm__EthereumConfig, eip161_block_number),
    [EXTVM_FORK_BYZANTIUM] = offsetof(Kevm__EthereumConfig, byzantium_block_number),
    [EXTVM_FORK_CONSTANTINOPLE] = offsetof(Kevm__EthereumConfig, constantinople_block_number),
    [EXTVM_FORK_PETERSBURG] = offsetof(Kevm__EthereumConfig, petersburg_block_number),
    [EXTVM_FORK_ISTANBUL] = offsetof(Kevm__EthereumConfig, istanbul_block_number),
    [EXTVM_FORK_BERLIN] = offsetof(Kevm__EthereumConfig, berlin_block_number),
};

static ProtobufCBinaryData *fork_field(Kevm__EthereumConfig *config, unsigned fork) {
    return (ProtobufCBinaryData *)(void *)((char *)config + fork_fields[fork]);
}

void config_to_wire(const extvm_chain *chain, Kevm__EthereumConfig *config) {
    kevm__ethereum_config__init(config);
    for (unsigned fork = 0; fork < EXTVM_FORK_COUNT; fork++) {
        *fork_field(config, fork) = integer_field(chain->fork_block[fork]);
    }
    config->max_code_size = integer_field(chain->max_code_size);
    config->account_start_nonce = integer_field(chain->account_start_nonce);
    config->chain_id = integer_field(chain->chain_id);
}

void config_from_wire(const Kevm__EthereumConfig *config, extvm_chain *chain) {
    Kevm__EthereumConfig copy = *config;
    for (unsigned fork = 0; fork < EXTVM_FORK_COUNT; fork++) {
        chain->fork_block[fork] = extvm_integer_normalise(from_protobuf(*fork_field(&copy, fork)));
    }
    chain->max_code_size = extvm_integer_normalise(from_protobuf(config->max_code_size));
    chain->account_start_nonce =
        extvm_integer_normalise(from_protobuf(config->account_start_nonce));
    chain->chain_id = extvm_integer_normalise(from_protobuf(config->chain_id));
}

static const extvm_address precompiled_addresses[KEVM_PRECOMPILED_COUNT] = {
    {{[19] = 1}}, {{[19] = 2}}, {{[19] = 3}}, {{[19] = 4}}, {{[19] = 5}},
    {{[19] = 6}}, {{[19] = 7}}, {{[19] = 8}}, {{[19] = 9}},
};

static size_t count_keys(const extvm_access_list *list) {
    size_t keys = 0;
    for (size_t i = 0; i < list->count; i++) {
        keys += list->entries[i].storage_key_count;
    }
    return keys;
}

static void locations_to_wire(const extvm_access_list *list, Kevm__StorageEntry *entries,
                              extvm_word *words, Kevm__AccessListData *data) {
    for (size_t i = 0; i < list->count; i++) {
        const extvm_access_entry *entry = &list->entries[i];
        for (size_t j = 0; j < entry->storage_key_count; j++) {
            size_t at = data->n_storage_locations++;
            kevm__storage_entry__init(&entries[at]);
            entries[at].address = address_field(&entry->address);
            entries[at].storage_location = integer_field(entry->storage_keys[j]);
            if (words != NULL &&
                extvm_integer_to_word(entry->storage_keys[j], &words[at]) == EXTVM_OK) {
                entries[at].storage_location = word_field(&words[at]);
            }
            data->storage_locations[at] = &entries[at];
        }
    }
}

bool access_list_to_wire(const extvm_access_list *list, enum access_list_use use,
                         struct arena *arena, Kevm__AccessListData *data) {
    size_t keys = count_keys(list);
    bool precompiled = use == ACCESS_LIST_OF_BERLIN_CALL;
    kevm__access_list_data__init(data);
    data->addresses =
        arena_array(arena, list->count + KEVM_PRECOMPILED_COUNT, sizeof *data->addresses);
    data->storage_locations = arena_array(arena, keys, sizeof *data->storage_locations);
    Kevm__StorageEntry *entries = arena_array(arena, keys, sizeof *entries);
    extvm_word *words =
        use == ACCESS_LIST_OF_RESULT ? arena_array(arena, keys, sizeof *words) : NULL;
    if (arena->failed) {
        return false;
    }
    for (size_t i = 0; precompiled && i < KEVM_PRECOMPILED_COUNT; i++) {
        data->addresses[data->n_addresses++] = address_field(&precompiled_addresses[i]);
    }
    for (size_t i = 0; i < list->count; i++) {
        const extvm_address *address = &list->entries[i].address;
        if (!precompiled || !kevm_is_precompiled(address)) {
            data->addresses[data->n_addresses++] = address_field(address);
        }
    }
    locations_to_wire(list, entries, words, data);
    return true;
}

/* The structural check and decoding of binary contracts (protocol/iele-vm.md, section 3.3).
 *
 * A first pass over the bytes counts what a second one then fills in. Instructions stay as they
 * are: a register field of no bits can name 131,070 registers, and must cost no memory for that.
 * Children are put on a list instead of being gone into, as they may be nested thousands deep. */
#include <stdlib.h>
#include <string.h>

#include "contract.h"
#include "instruction.h"

enum { /* bytes */
       LENGTH_SIZE = 4,
       FIRST_ENTRY = 6,
       ENTRY_HEADER = 3,
       FUNCTION_HEADER = 5,
       SMALLEST_LENGTH = 2
};

static uint16_t read_u16(const uint8_t *at) {
    return (uint16_t)(at[0] << 8 | at[1]);
}

/* The header; false: it is none. */
static bool read_header(struct contract *contract) {
    const uint8_t *data = contract->bytes.data;
    if (contract->bytes.size < FIRST_ENTRY || contract->bytes.size > UINT32_MAX ||
        data[LENGTH_SIZE] != IELE_HEADER) {
        return false;
    }
    size_t length = (size_t)data[0] << 24 | (size_t)data[1] << 16 | (size_t)data[2] << 8 | data[3];
    if (length < SMALLEST_LENGTH || length > contract->bytes.size - LENGTH_SIZE) {
        return false;
    }
    contract->size = LENGTH_SIZE + length;
    contract->bits = data[LENGTH_SIZE + 1];
    return true;
}

/* -- the table of names and children -- */

/* Takes the entry at `*at`; false: the table ends there. `*kind` is 0 when it goes beyond `end`. */
static bool next_entry(const uint8_t **at, const uint8_t *end, uint8_t *kind, extvm_bytes *out) {
    const uint8_t *from = *at;
    if (end - from < ENTRY_HEADER || (*from != IELE_NAME && *from != IELE_CHILD)) {
        return false;
    }
    size_t size = read_u16(from + 1);
    from += ENTRY_HEADER;
    *kind = (size_t)(end - from) < size ? 0 : (*at)[0];
    *out = (extvm_bytes){from, size};
    *at = *kind == 0 ? end : from + size;
    return true;
}

/* Where the functions begin; NULL: the table is broken. */
static const uint8_t *count_entries(struct contract *contract, const uint8_t *end) {
    const uint8_t *at = contract->bytes.data + FIRST_ENTRY;
    uint8_t kind;
    extvm_bytes bytes;
    contract->entry_count = 1; /* `init` */
    while (next_entry(&at, end, &kind, &bytes)) {
        if (kind == 0) {
            return NULL;
        }
        contract->entry_count++;
    }
    return at;
}

/* -- the first pass -- */

struct counts {
    size_t labels, constants;
};

static bool count_body(struct contract *contract, const uint8_t **at, const uint8_t *end,
                       struct counts *counts) {
    struct instruction instruction;
    while (*at < end && **at != IELE_PRIVATE && **at != IELE_PUBLIC) {
        *at = instruction_read(*at, end, contract->bits, &instruction);
        if (*at == NULL) {
            return false;
        }
        counts->labels += instruction.opcode == IELE_LABEL;
        counts->constants += instruction.magnitude.size >= CONSTANT_BYTES;
    }
    return true;
}

static bool count_functions(struct contract *contract, const uint8_t *at, const uint8_t *end,
                            struct counts *counts) {
    while (at < end) {
        if (end - at < FUNCTION_HEADER || (*at != IELE_PRIVATE && *at != IELE_PUBLIC)) {
            return false;
        }
        at += FUNCTION_HEADER;
        contract->function_count++;
        if (!count_body(contract, &at, end, counts)) {
            return false;
        }
    }
    return true;
}

/* -- the second pass -- */

/* What is filled in, and the children on their list. */
struct filling {
    struct arena *arena;
    struct contract *contract;
    struct label *next_label;
    uint8_t failure; /* an enum decode_status */
};

static struct contract *child_new(struct filling *filling, extvm_bytes bytes) {
    struct contract *child = arena_array(filling->arena, 1, sizeof *child);
    if (child == NULL) {
        filling->failure = DECODE_NO_MEMORY;
        return NULL;
    }
    child->bytes = bytes;
    child->next = filling->contract->next;
    filling->contract->next = child;
    return child;
}

static void fill_entries(struct filling *filling, const uint8_t *end) {
    struct contract *contract = filling->contract;
    const uint8_t *at = contract->bytes.data + FIRST_ENTRY;
    uint8_t kind;
    extvm_bytes bytes;
    contract->entries[0].name = init_name;
    for (uint32_t i = 1; next_entry(&at, end, &kind, &bytes) && filling->failure == 0; i++) {
        if (kind == IELE_CHILD) {
            contract->entries[i].child = child_new(filling, bytes);
        } else {
            contract->entries[i].name = bytes;
            contract->entries[i].builtin = iele_builtin_named(bytes.data, bytes.size);
        }
    }
}

/* A label with another right behind it goes on where that one does: labels cost nothing, however
 * many there are. They are still in the order of the bytes. */
static void join_labels(const struct contract *contract, const uint8_t *end, struct label *labels,
                        uint32_t count) {
    const uint8_t *start = contract->bytes.data;
    for (uint32_t i = count; i-- > 1;) {
        const uint8_t *behind = start + labels[i - 1].offset;
        if (behind != end && *behind == IELE_LABEL) {
            labels[i - 1].offset = labels[i].offset;
        }
    }
}

static int compare_labels(const void *a, const void *b) {
    return ((const struct label *)a)->number - ((const struct label *)b)->number;
}

/* Puts the labels in order, which they mostly are in already. */
static bool sort_labels(struct label *labels, uint32_t count) {
    bool ascending = true, repeats = false;
    for (uint32_t i = 1; i < count; i++) {
        ascending = ascending && labels[i - 1].number < labels[i].number;
    }
    if (!ascending) {
        qsort(labels, count, sizeof *labels, compare_labels);
        for (uint32_t i = 1; i < count; i++) {
            repeats = repeats || labels[i - 1].number == labels[i].number;
        }
    }
    return !repeats;
}

/* What has to hold of an instruction beyond its bytes being there. */
static bool instruction_is_good(const struct contract *contract,
                                const struct instruction *instruction) {
    switch (instruction->opcode) {
    case IELE_CALL:
    case IELE_STATICCALL:
    case IELE_CALLADDRESS:
        return contract_name(contract, instruction->number) != NULL;
    default:
        return true;
    }
}

static void fill_body(struct filling *filling, struct function *function, const uint8_t *end) {
    struct contract *contract = filling->contract;
    struct label *labels = filling->next_label;
    const uint8_t *at = function->body, *start = contract->bytes.data;
    struct instruction instruction;
    while (at < end && *at != IELE_PRIVATE && *at != IELE_PUBLIC) {
        at = instruction_read(at, end, contract->bits, &instruction);
        if (instruction.opcode == IELE_LABEL) {
            *filling->next_label++ = (struct label){instruction.number, (uint32_t)(at - start)};
            continue;
        }
        if (instruction.magnitude.size >= CONSTANT_BYTES) {
            contract->constants[contract->constant_count++].offset =
                (uint32_t)(instruction.magnitude.data - start);
        }
        uint32_t registers = instruction_registers(&instruction, contract->bits);
        if (registers == UINT32_MAX || !instruction_is_good(contract, &instruction)) {
            filling->failure = DECODE_INVALID;
            return;
        }
        function->registers = registers > function->registers ? registers : function->registers;
    }
    function->end = at;
    function->labels = labels;
    function->label_count = (uint32_t)(filling->next_label - labels);
    join_labels(contract, at, labels, function->label_count);
    if (!sort_labels(labels, function->label_count)) {
        contract->repeats_label = true;
    }
}

static struct function_name name_of(const struct contract *contract, uint16_t number) {
    const struct entry *entry = contract_name(contract, number);
    struct function_name name = {.is_number = entry == NULL, .number = number};
    if (entry != NULL) {
        name.text = entry->name;
    }
    return name;
}

static bool is_init(const struct function_name *name) {
    return !name->is_number && extvm_bytes_equal(name->text, init_name);
}

static void fill_functions(struct filling *filling, const uint8_t *at, const uint8_t *end) {
    struct contract *contract = filling->contract;
    for (uint32_t i = 0; i < contract->function_count && filling->failure == 0; i++) {
        struct function *function = &contract->functions[i];
        *function = (struct function){.name = name_of(contract, read_u16(at + 1)),
                                      .is_public = *at == IELE_PUBLIC,
                                      .parameters = read_u16(at + 3),
                                      .body = at + FUNCTION_HEADER};
        fill_body(filling, function, end);
        at = function->end;
        if (!is_init(&function->name)) {
            contract->by_pointer[contract->pointer_count++] = function;
            function->pointer = contract->pointer_count;
        }
        contract->by_name[i] = function;
    }
}

static int compare_functions(const void *a, const void *b) {
    const struct function *first = *(const struct function *const *)a;
    const struct function *second = *(const struct function *const *)b;
    int order = function_name_compare(&first->name, &second->name);
    return order != 0 ? order : (first > second) - (first < second);
}

static void name_functions(struct contract *contract) {
    if (contract->function_count > 0) {
        qsort(contract->by_name, contract->function_count, sizeof(const struct function *),
              compare_functions);
    }
    for (uint32_t i = 0; i < contract->entry_count; i++) {
        struct entry *entry = &contract->entries[i];
        entry->function = entry->child == NULL ? contract_function(contract, entry->name) : NULL;
    }
}

static bool make_room(struct filling *filling, const struct counts *counts) {
    struct contract *contract = filling->contract;
    struct arena *arena = filling->arena;
    size_t functions = contract->function_count;
    contract->entries = arena_array(arena, contract->entry_count, sizeof *contract->entries);
    contract->functions = arena_array(arena, functions, sizeof *contract->functions);
    contract->by_name = arena_array(arena, functions, sizeof(const struct function *));
    contract->by_pointer = arena_array(arena, functions, sizeof(const struct function *));
    contract->constants = arena_array(arena, counts->constants, sizeof *contract->constants);
    filling->next_label = arena_array(arena, counts->labels, sizeof *filling->next_label);
    return !arena->failed;
}

/* One contract, without its children, which are put behind it. */
static enum decode_status decode_one(struct contract *contract, struct arena *arena) {
    struct filling filling = {.arena = arena, .contract = contract};
    struct counts counts = {0};
    if (!read_header(contract)) {
        return DECODE_INVALID;
    }
    const uint8_t *end = contract->bytes.data + contract->size;
    const uint8_t *functions = count_entries(contract, end);
    if (functions == NULL || !count_functions(contract, functions, end, &counts)) {
        return DECODE_INVALID;
    }
    if (!make_room(&filling, &counts)) {
        return DECODE_NO_MEMORY;
    }
    fill_entries(&filling, end);
    if (filling.failure == 0) {
        fill_functions(&filling, functions, end);
    }
    if (filling.failure == 0) {
        name_functions(contract);
    }
    return (enum decode_status)filling.failure;
}

enum decode_status contract_decode(extvm_bytes bytes, struct arena *arena, struct contract *after,
                                   struct contract **out) {
    struct contract *contract = arena_array(arena, 1, sizeof *contract);
    if (contract == NULL) {
        return DECODE_NO_MEMORY;
    }
    contract->bytes = bytes;
    contract->next = after;
    *out = contract;
    enum decode_status status = DECODE_OK;
    for (struct contract *one = contract; one != after && status == DECODE_OK; one = one->next) {
        status = decode_one(one, arena);
    }
    return status;
}

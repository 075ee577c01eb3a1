/* Memory for the JSON library: it ends the command when there is none. */
#include "json_memory.h"

#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

#include <extvm/allocator.h>

#include "report.h"

#define NO_MEMORY_TEXT "the system gives no more memory"

static void *allocate(size_t size) {
    const extvm_allocator *allocator = extvm_default_allocator();
    void *memory = allocator->allocate(allocator->context, size);
    if (memory == NULL) {
        fputs("extvm: " NO_MEMORY_TEXT "\n", stderr);
    }
    return memory;
}

static void *allocate_or_end(size_t size) {
    void *memory = allocate(size);
    if (memory == NULL) {
        exit(EXIT_CODE_NODE);
    }
    return memory;
}

static void *allocate_or_end_with_json(size_t size) {
    void *memory = allocate(size);
    if (memory == NULL) {
        fputs("{\"error\":{\"status\":\"no-memory\",\"message\":\"" NO_MEMORY_TEXT "\"}}\n",
              stdout);
        exit(EXIT_CODE_NODE);
    }
    return memory;
}

static void release(void *memory) {
    const extvm_allocator *allocator = extvm_default_allocator();
    allocator->release(allocator->context, memory);
}

void json_memory_start(bool json) {
    json_set_alloc_funcs(json ? allocate_or_end_with_json : allocate_or_end, release);
}

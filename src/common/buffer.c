/* A growable run of bytes that is made with its maximum. */
#include "buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "memory.h"
#include "spare.h"

enum { SMALLEST_CAPACITY = 256 };

void buffer_init(struct buffer *buffer, const extvm_allocator *allocator, size_t maximum) {
    buffer_init_spare(buffer, allocator, NULL, maximum);
}

void buffer_init_spare(struct buffer *buffer, const extvm_allocator *allocator, struct spare *spare,
                       size_t maximum) {
    *buffer = (struct buffer){.allocator = allocator, .spare = spare, .maximum = maximum};
}

static void release(const struct buffer *buffer) {
    if (buffer->spare == NULL) {
        memory_release(buffer->allocator, buffer->data);
    } else if (buffer->data != NULL) {
        spare_give(buffer->spare, buffer->data, buffer->capacity);
    }
}

void buffer_free(struct buffer *buffer) {
    release(buffer);
    buffer_init_spare(buffer, buffer->allocator, buffer->spare, buffer->maximum);
}

static size_t next_capacity(const struct buffer *buffer, size_t needed) {
    size_t capacity = buffer->capacity < SMALLEST_CAPACITY ? SMALLEST_CAPACITY : buffer->capacity;
    while (capacity < needed && capacity <= buffer->maximum / 2) {
        capacity *= 2;
    }
    if (capacity < needed || capacity > buffer->maximum) {
        capacity = buffer->maximum;
    }
    return capacity;
}

bool buffer_reserve(struct buffer *buffer, size_t more) {
    if (more <= buffer->capacity - buffer->size) {
        return true;
    }
    if (more > buffer->maximum - buffer->size) {
        return false;
    }
    const extvm_allocator *allocator = buffer->allocator;
    size_t capacity = next_capacity(buffer, buffer->size + more);
    uint8_t *data =
        buffer->spare != NULL
            ? spare_grow(buffer->spare, buffer->data, buffer->size, buffer->capacity, capacity)
            : allocator->resize(allocator->context, buffer->data, buffer->capacity, capacity);
    if (data == NULL) {
        return false;
    }
    buffer->data = data;
    buffer->capacity = capacity;
    return true;
}

bool buffer_reserve_kept(struct buffer *buffer, size_t more) {
    if (more <= buffer->capacity - buffer->size) {
        return true;
    }
    if (buffer->spare == NULL || more > buffer->maximum - buffer->size) {
        return false;
    }
    uint8_t *data = spare_take_kept(buffer->spare, buffer->size + more);
    if (data == NULL) {
        return false;
    }
    if (buffer->size > 0) {
        memcpy(data, buffer->data, buffer->size);
    }
    release(buffer);
    buffer->data = data;
    buffer->capacity = buffer->size + more;
    return true;
}

bool buffer_append(struct buffer *buffer, const void *data, size_t size) {
    if (size == 0) {
        return true;
    }
    if (!buffer_reserve(buffer, size)) {
        return false;
    }
    memcpy(buffer->data + buffer->size, data, size);
    buffer->size += size;
    return true;
}

bool buffer_print(struct buffer *buffer, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length < 0 || !buffer_reserve(buffer, (size_t)length + 1)) {
        return false;
    }
    va_start(arguments, format);
    vsnprintf((char *)buffer->data + buffer->size, (size_t)length + 1, format, arguments);
    va_end(arguments);
    buffer->size += (size_t)length;
    return true;
}

void buffer_drop(struct buffer *buffer, size_t size) {
    if (size == 0) {
        return; /* there may be no memory at all yet */
    }
    memmove(buffer->data, buffer->data + size, buffer->size - size);
    buffer->size -= size;
}

void buffer_shrink(struct buffer *buffer, size_t capacity) {
    if (buffer->size == 0 && buffer->capacity > capacity) {
        buffer_free(buffer);
    }
}

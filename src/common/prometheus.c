/* A handle's numbers as Prometheus reads them (text exposition format 0.0.4). It is made from the
 * public numbers only. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

#include <extvm/stats.h>

#include "clock.h"

/* A text of which only the beginning may fit. */
struct text {
    char *at;
    size_t size;   /* bytes that fit, the final zero included */
    size_t length; /* of the whole text */
};

__attribute__((format(printf, 2, 3))) static void put(struct text *text, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    size_t room = text->length < text->size ? text->size - text->length : 0;
    int length = vsnprintf(room > 0 ? text->at + text->length : NULL, room, format, arguments);
    va_end(arguments);
    text->length += length > 0 ? (size_t)length : 0;
}

static void put_head(struct text *text, const char *name, const char *type, const char *help) {
    put(text, "# HELP extvm_%s %s\n# TYPE extvm_%s %s\n", name, help, name, type);
}

static void put_counter(struct text *text, const char *name, const char *help, uint64_t value) {
    put_head(text, name, "counter", help);
    put(text, "extvm_%s %" PRIu64 "\n", name, value);
}

static void put_calls(struct text *text, const extvm_vm_stats *stats) {
    put_head(text, "calls_total", "counter", "Calls that have ended, by status.");
    for (unsigned i = 0; i < EXTVM_STATUS_COUNT; i++) {
        put(text, "extvm_calls_total{status=\"%s\"} %" PRIu64 "\n",
            extvm_status_name((extvm_status)i), stats->failures[i]);
    }
}

static void put_queries(struct text *text, const extvm_vm_stats *stats) {
    put_head(text, "queries_total", "counter", "Queries of the VM, by kind.");
    put(text, "extvm_queries_total{kind=\"account\"} %" PRIu64 "\n", stats->account_queries);
    put(text, "extvm_queries_total{kind=\"storage\"} %" PRIu64 "\n", stats->storage_queries);
    put(text, "extvm_queries_total{kind=\"code\"} %" PRIu64 "\n", stats->code_queries);
    put(text, "extvm_queries_total{kind=\"block_hash\"} %" PRIu64 "\n", stats->block_hash_queries);
}

static void put_histogram(struct text *text, const char *name, const char *help,
                          const extvm_histogram *histogram) {
    uint64_t so_far = 0;
    put_head(text, name, "histogram", help);
    for (unsigned i = 0; i + 1 < EXTVM_HISTOGRAM_BUCKETS; i++) {
        so_far += histogram->buckets[i];
        put(text, "extvm_%s_bucket{le=\"%.9g\"} %" PRIu64 "\n", name,
            (double)(UINT64_C(1) << i) / 1e6, so_far);
    }
    so_far += histogram->buckets[EXTVM_HISTOGRAM_BUCKETS - 1];
    put(text, "extvm_%s_bucket{le=\"+Inf\"} %" PRIu64 "\n", name, so_far);
    put(text, "extvm_%s_sum %" PRIu64 ".%09" PRIu64 "\n", name,
        histogram->sum / NANOSECONDS_IN_SECOND, histogram->sum % NANOSECONDS_IN_SECOND);
    put(text, "extvm_%s_count %" PRIu64 "\n", name, so_far);
}

/* A label's value: backslash, quote and newline are escaped. */
static void put_label(struct text *text, const char *value) {
    for (; *value != '\0'; value++) {
        const bool is_special = *value == '\n' || *value == '"' || *value == '\\';
        put(text, "%s%c", is_special ? "\\" : "", *value == '\n' ? 'n' : *value);
    }
}

static void put_endpoints(struct text *text, const extvm_vm *vm) {
    size_t count = extvm_endpoint_count(vm);
    if (count == 0) {
        return;
    }
    put_head(text, "endpoint_state", "gauge", "1 for the state that a VM process is in.");
    for (size_t i = 0; i < count; i++) {
        extvm_endpoint_stats one;
        if (extvm_endpoint(vm, i, &one, NULL) != EXTVM_OK) {
            continue;
        }
        for (int state = 0; state <= EXTVM_ENDPOINT_NEEDS_RESTART; state++) {
            put(text, "extvm_endpoint_state{address=\"");
            put_label(text, one.address);
            put(text, "\",state=\"%s\"} %d\n",
                extvm_endpoint_state_name((extvm_endpoint_state)state),
                one.state == (extvm_endpoint_state)state);
        }
    }
}

size_t extvm_stats_prometheus(const extvm_vm *vm, char *text, size_t size) {
    extvm_vm_stats stats;
    struct text out = {text, size, 0};
    if (extvm_stats(vm, &stats, NULL) != EXTVM_OK) {
        return 0;
    }
    put_calls(&out, &stats);
    put_queries(&out, &stats);
    put_counter(&out, "sent_bytes_total", "Bytes sent to VMs.", stats.bytes_sent);
    put_counter(&out, "received_bytes_total", "Bytes received from VMs.", stats.bytes_received);
    put_counter(&out, "connects_total", "Connections made.", stats.connects);
    put_counter(&out, "reconnects_total", "Connections that were not a process's first.",
                stats.reconnects);
    put_counter(&out, "retries_total", "Attempts after a call's first.", stats.retries);
    put_counter(&out, "cut_off_total", "Sessions that the VM did not end in time.", stats.cut_off);
    put_histogram(&out, "call_seconds", "Whole calls.", &stats.total);
    put_histogram(&out, "vm_seconds", "Time of each call in the VM.", &stats.vm);
    put_histogram(&out, "world_seconds", "Time of each call in the node's world.", &stats.world);
    put_histogram(&out, "wire_seconds", "Time of each call on the wire.", &stats.wire);
    put_endpoints(&out, vm);
    return out.length;
}

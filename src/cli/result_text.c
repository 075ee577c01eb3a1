/* A result laid out for a person who has never seen the protocol. */
#include <inttypes.h>

#include <extvm/iele.h>
#include <extvm/integer.h>

#include "report.h"
#include "result.h"
#include "terminal.h"
#include "text.h"

enum { DATA_SHOWN = 256 }; /* bytes of code or data; --json prints all */

/* A page that is being printed. When memory is short, values are missing from it, and it says so.
 */
struct page {
    struct pool pool;
    bool colour;
    bool incomplete;
};

static const char *kept(struct page *page, const char *text) {
    page->incomplete = page->incomplete || text == NULL;
    return text == NULL ? "?" : text;
}

static const char *decimal(struct page *page, extvm_bytes integer) {
    return kept(page, text_decimal(&page->pool, integer));
}

static const char *storage_integer(struct page *page, extvm_bytes integer) {
    return kept(page, text_integer_hex(&page->pool, integer));
}

static const char *address_text(struct page *page, const extvm_address *address) {
    return kept(page, text_hex(&page->pool, (extvm_bytes){address->bytes, EXTVM_ADDRESS_SIZE}));
}

static const char *plural(size_t count) {
    return count == 1 ? "" : "s";
}

/* "0x6001... (24 bytes)" */
static void print_data(struct page *page, const char *label, extvm_bytes data) {
    if (data.size == 0) {
        printf("%s none\n", label);
        return;
    }
    const extvm_bytes shown = {data.data, data.size < DATA_SHOWN ? data.size : DATA_SHOWN};
    printf("%s %s%s (%zu byte%s%s)\n", label, kept(page, text_hex(&page->pool, shown)),
           shown.size < data.size ? "..." : "", data.size, plural(data.size),
           shown.size < data.size ? "; --json prints all" : "");
}

static void print_title(const struct page *page, const char *title, size_t count) {
    printf("\n%s%s%s (%zu)\n", page->colour ? TERMINAL_BOLD : "", title,
           page->colour ? TERMINAL_PLAIN : "", count);
}

enum { INTEGERS_SHOWN = 64 };

static void print_integers(struct page *page, extvm_bytes return_data) {
    extvm_bytes integers[INTEGERS_SHOWN];
    size_t count;
    if (extvm_iele_returns(return_data, integers, INTEGERS_SHOWN, &count, NULL) != EXTVM_OK) {
        return;
    }
    printf("returned       %zu integer%s", count, plural(count));
    for (size_t i = 0; i < count && i < INTEGERS_SHOWN; i++) {
        printf("%s %s", i == 0 ? ":" : ",", decimal(page, integers[i]));
    }
    printf("%s\n", count > INTEGERS_SHOWN ? ", ..." : "");
}

static void print_verdict(struct page *page, const extvm_result *result, const extvm_call *call,
                          bool integers) {
    static const struct {
        const char *colour;
        const char *meaning;
    } looks[] = {
        [EXTVM_OUTCOME_SUCCESS] = {TERMINAL_GREEN, "the transaction succeeded"},
        [EXTVM_OUTCOME_REVERT] = {TERMINAL_YELLOW,
                                  "the program took everything back; the rest of the gas returns"},
        [EXTVM_OUTCOME_FAILURE] =
            {TERMINAL_RED, "it failed; nothing changes, and gas that does not remain is lost"},
    };
    extvm_outcome outcome = extvm_result_outcome(result);
    printf("outcome        %s%s%s: %s\n", page->colour ? looks[outcome].colour : "",
           extvm_outcome_name(outcome), page->colour ? TERMINAL_PLAIN : "", looks[outcome].meaning);
    print_data(page, "return data   ", extvm_result_return_data(result));
    if (integers) {
        print_integers(page, extvm_result_return_data(result));
    }
    printf("return code    %s (%s)\n", storage_integer(page, extvm_result_return_code(result)),
           extvm_result_return_code_name(result));
    const extvm_address *created = extvm_result_created_address(result);
    if (created != NULL) {
        printf("new contract   %s\n", address_text(page, created));
    }
    printf("gas            %s used of %s; %s remaining, %s refund\n",
           decimal(page, extvm_result_gas_used(result)), decimal(page, call->gas_provided),
           decimal(page, extvm_result_gas_remaining(result)),
           decimal(page, extvm_result_gas_refund(result)));
}

static void print_modified(struct page *page, const extvm_result *result) {
    size_t count;
    const extvm_modified_account *modified = extvm_result_modified(result, &count);
    print_title(page, "Accounts changed", count);
    for (size_t i = 0; i < count; i++) {
        const extvm_modified_account *account = &modified[i];
        printf("  %s\n", address_text(page, &account->address));
        printf("    nonce    %s\n", decimal(page, account->nonce));
        printf("    balance  %s wei\n", decimal(page, account->balance));
        if (account->code.size > 0) {
            print_data(page, "    code    ", account->code);
        }
        for (size_t j = 0; j < account->storage_count; j++) {
            bool erased = extvm_integer_sign(account->storage[j].value) == 0;
            printf("    %s  %s = %s%s\n", j == 0 ? "storage" : "       ",
                   storage_integer(page, account->storage[j].key),
                   storage_integer(page, account->storage[j].value), erased ? " (erased)" : "");
        }
        pool_free(&page->pool);
    }
}

static void print_addresses(struct page *page, const char *title, const extvm_address *addresses,
                            size_t count) {
    if (count == 0) {
        return;
    }
    print_title(page, title, count);
    for (size_t i = 0; i < count; i++) {
        printf("  %s\n", address_text(page, &addresses[i]));
    }
}

static void print_logs(struct page *page, const extvm_result *result) {
    size_t count;
    const extvm_log_entry *logs = extvm_result_logs(result, &count);
    if (count == 0) {
        return;
    }
    print_title(page, "Logs", count);
    for (size_t i = 0; i < count; i++) {
        printf("  %s\n", address_text(page, &logs[i].address));
        for (size_t j = 0; j < logs[i].topic_count; j++) {
            const extvm_bytes topic = {logs[i].topics[j].bytes, EXTVM_WORD_SIZE};
            printf("    topic %zu  %s\n", j, kept(page, text_hex(&page->pool, topic)));
        }
        print_data(page, "    data    ", logs[i].data);
        pool_free(&page->pool);
    }
}

static void print_access_list(struct page *page, const extvm_access_list *list) {
    if (list->count == 0) {
        return;
    }
    print_title(page, "Addresses and storage keys that were warm at the end", list->count);
    for (size_t i = 0; i < list->count; i++) {
        const extvm_access_entry *entry = &list->entries[i];
        printf("  %s\n", address_text(page, &entry->address));
        for (size_t j = 0; j < entry->storage_key_count; j++) {
            printf("    key      %s\n", storage_integer(page, entry->storage_keys[j]));
        }
        pool_free(&page->pool);
    }
}

static void print_coverage(struct page *page, const extvm_result *result) {
    size_t count;
    const extvm_code_coverage *coverage = extvm_result_coverage(result, &count);
    if (count == 0) {
        return;
    }
    print_title(page, "Code coverage, a byte for each instruction", count);
    for (size_t i = 0; i < count; i++) {
        const extvm_bytes hash = {coverage[i].code_hash.bytes, EXTVM_WORD_SIZE};
        printf("  code hash  %s\n", kept(page, text_hex(&page->pool, hash)));
        print_data(page, "    coverage", coverage[i].coverage);
        pool_free(&page->pool);
    }
}

static void print_quirks(const struct page *page, const extvm_result *result) {
    size_t count;
    const char *const *quirks = extvm_result_quirks(result, &count);
    if (count == 0) {
        return;
    }
    print_title(page, "Quirks of the VM that were put right", count);
    for (size_t i = 0; i < count; i++) {
        printf("  %s\n", quirks[i]);
    }
}

static void print_stats(const extvm_result *result) {
    extvm_run_stats stats = extvm_result_stats(result);
    printf("\nasked of the world: %" PRIu64 " accounts, %" PRIu64 " storage values, %" PRIu64
           " codes, %" PRIu64 " block hashes\n",
           stats.account_queries, stats.storage_queries, stats.code_queries,
           stats.block_hash_queries);
    printf("took %.3f ms (VM %.3f, world %.3f), %" PRIu64 " bytes sent, %" PRIu64
           " received, %u attempt%s\n",
           (double)stats.total_time / 1e6, (double)stats.vm_time / 1e6,
           (double)stats.world_time / 1e6, stats.bytes_sent, stats.bytes_received, stats.attempts,
           plural(stats.attempts));
}

extvm_status result_print_text(const extvm_result *result, const extvm_call *call, bool integers,
                               extvm_error *error) {
    struct page page = {.colour = terminal_has_colour(stdout)};
    size_t deleted_count;
    size_t touched_count;
    const extvm_address *deleted = extvm_result_deleted(result, &deleted_count);
    const extvm_address *touched = extvm_result_touched(result, &touched_count);
    print_verdict(&page, result, call, integers);
    print_modified(&page, result);
    print_addresses(&page, "Accounts deleted", deleted, deleted_count);
    print_addresses(&page, "Accounts touched", touched, touched_count);
    print_logs(&page, result);
    print_access_list(&page, extvm_result_access_list(result));
    print_coverage(&page, result);
    print_quirks(&page, result);
    print_stats(result);
    pool_free(&page.pool);
    return page.incomplete ? complain_no_memory(error) : output_check(error);
}

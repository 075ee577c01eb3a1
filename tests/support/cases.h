/* Calls and worlds for tests, and what tests do with them again and again. */
#ifndef EXTVM_TESTS_CASES_H
#define EXTVM_TESTS_CASES_H

#include <extvm/extvm.h>

#include "support/scripted_vm.h"

/* A call with storage for its numbers. */
struct case_call {
    extvm_call call;
    extvm_address recipient;
    uint8_t input[256];
    uint8_t numbers[16][EXTVM_WORD_INTEGER_SIZE];
    size_t number_count;
};

/* The common setting of protocol/kevm.md, section 13: caller a1…a1, block and chain. `recipient`
 * hex or NULL (create), `input` hex, the numbers as text. */
void case_call_init(struct case_call *one, const char *recipient, const char *input,
                    const char *value, const char *gas_provided);

/* A number of the case's own, from text. */
extvm_bytes case_number(struct case_call *one, const char *text);

/* Adds an account; `code` is hex. */
void case_account(extvm_state *state, const char *address, const char *nonce, const char *balance,
                  const char *code);
void case_storage(extvm_state *state, const char *address, const char *key, const char *value);

extvm_address case_address(const char *hex);

/* The text of a file in tests/scripts, after that of common.script, or of iele-common.script
 * when the name begins with "iele-"; freed by the caller. */
char *case_script(const char *name);

/* The same for a script's text. */
char *case_definitions(const char *script);

/* The same after that of any file. */
char *case_definitions_of(const char *common, const char *script);

/* Options for tests: short pauses, `wait` (a duration) for each wait. Freed by the caller. */
extvm_options *case_options(const char *wait);

/* Opens the scripted VM as what its protocol says, with the address that this writes. */
char *case_vm_address(const struct scripted_vm *vm, char address[256]);
extvm_vm *case_open(const struct scripted_vm *vm, const extvm_options *options);

/* Fails the test when an integer is not the number in `text`. */
void assert_integer(extvm_bytes integer, const char *text);
void assert_bytes(extvm_bytes bytes, const char *hex);
void assert_address(const extvm_address *address, const char *hex);

/* The folder with the shared vectors (environment EXTVM_SHARED, or ../shared), or NULL. */
const char *shared_folder(void);

#endif

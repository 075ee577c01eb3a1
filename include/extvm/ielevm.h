/* One instruction of the IELE VM inside the library, run by itself, with what it costs: for tests,
 * tools and whoever checks another VM against this one (protocol/iele-vm.md, sections 7 to 9). */
#ifndef EXTVM_IELEVM_H
#define EXTVM_IELEVM_H

#include <extvm/allocator.h>
#include <extvm/bytes.h>
#include <extvm/declare.h>

EXTVM_BEGIN_DECLARATIONS

enum { EXTVM_IELE_OPERANDS = 4 }; /* that an instruction has at the most here */

/* An instruction in a fresh frame: nothing is counted as memory yet, and the register for the
 * result holds 0. All integers may be negative and of any size. */
typedef struct extvm_iele_instruction {
    /* The mnemonic: "add", "lt" and so on, "loadrange" and "storerange" for the forms with offset
     * and width. Only instructions that need nothing but their operands and memory cell 0: those of
     * sections 9.1 (but constants), 9.2 and 9.3. */
    const char *mnemonic;
    extvm_bytes operands[EXTVM_IELE_OPERANDS]; /* in the order of section 3.2 */
    size_t operand_count;
    bool has_cell;     /* cell 0 is there at first … */
    extvm_bytes cell;  /* … with these bytes */
    uint64_t milligas; /* there is to spend; below 2^63 */
} extvm_iele_instruction;

/* What came of it. The integers are canonical and belong to the step. */
typedef struct extvm_iele_step {
    unsigned status;         /* 0, or the exception's: 4 or 5 */
    extvm_bytes result;      /* the result register afterwards; 0 for an instruction without one */
    bool has_cell;           /* cell 0 is there afterwards … */
    extvm_bytes cell;        /* … with these bytes */
    extvm_bytes estimate;    /* M of section 9, words; empty for stores, which have none */
    extvm_bytes computation; /* C, milligas; for stores what the memory cost is in it */
    int64_t current_words, peak_words; /* cur and peak of section 6 */
    uint64_t charged;                  /* milligas taken, as far as they went */
} extvm_iele_step;

/* Runs the instruction. `*step` is new, made with `allocator` (NULL: the default one) and freed
 * with extvm_iele_step_free.
 * Errors: EXTVM_INVALID_ARGUMENT (no such instruction, a wrong number of operands, no cell index 0,
 * or something is missing), EXTVM_OUT_OF_RANGE (2^63 milligas and more), EXTVM_NO_MEMORY. */
extvm_status extvm_iele_run_instruction(const extvm_iele_instruction *instruction,
                                        const extvm_allocator *allocator, extvm_iele_step **step,
                                        extvm_error *error);

/* Frees a step; NULL is allowed. */
void extvm_iele_step_free(extvm_iele_step *step);

EXTVM_END_DECLARATIONS

#endif

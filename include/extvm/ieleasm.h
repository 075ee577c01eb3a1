/* IELE's assembler and disassembler: the textual language of contracts, and the binary contracts
 * that a VM runs (protocol/iele-vm.md, sections 3, 18 and 19). */
#ifndef EXTVM_IELEASM_H
#define EXTVM_IELEASM_H

#include <extvm/allocator.h>
#include <extvm/bytes.h>
#include <extvm/declare.h>

EXTVM_BEGIN_DECLARATIONS

/* Assembles a text of `text_size` bytes: the last contract in it, with those above that it declares
 * external within it. `*code` (`*size` bytes) is new, made with `allocator` (NULL: the default one)
 * and given back with its release. Whether a VM would take the contract (one private `init`, counts
 * of arguments that fit, and so on) is not checked.
 * `origin`, for example the file's name, stands before the line and column in messages, both
 * counted from 1, columns in bytes: "token.iele:3:7: there is no label out in this function"; NULL:
 * they begin with the line.
 * Errors: EXTVM_INVALID_ARGUMENT (the text is wrong, as the message says, or something is missing),
 * EXTVM_OUT_OF_RANGE (its contracts, one within the other, take over 256 MiB and 64 bytes a byte of
 * text), EXTVM_NO_MEMORY. */
extvm_status extvm_iele_assemble(const char *text, size_t text_size, const char *origin,
                                 const extvm_allocator *allocator, uint8_t **code, size_t *size,
                                 extvm_error *error);

/* Makes the text of a binary contract. `*text` is new, `*size` bytes and a NUL that is not counted,
 * made and given back as above. Names that bytes do not keep are made up: registers and labels have
 * their numbers, the contracts within it are C1, C2 and so on, and it is itself Main.
 * The text says the same as the contract, but not every contract is one that the assembler makes.
 * `*exact` (NULL allowed) tells whether the text assembles to these very bytes; if not, it begins
 * with a comment that says where they first differ, or why it does not assemble at all.
 * Errors: EXTVM_INVALID_ARGUMENT (the bytes are no contract, or something is missing),
 * EXTVM_OUT_OF_RANGE (the text would have over 1 MiB and 256 bytes a byte of the contract),
 * EXTVM_NO_MEMORY. */
extvm_status extvm_iele_disassemble(extvm_bytes code, const extvm_allocator *allocator, char **text,
                                    size_t *size, bool *exact, extvm_error *error);

EXTVM_END_DECLARATIONS

#endif

/* The input of a call (protocol/iele-vm.md, section 5). */
#ifndef EXTVM_IELEVM_CALL_DATA_H
#define EXTVM_IELEVM_CALL_DATA_H

#include <extvm/bytes.h>

struct call_data {
    extvm_bytes first;     /* the function's name, or the contract */
    extvm_bytes arguments; /* strings, for call_data_next */
    size_t count;
};

/* Reads the input, a part of which the data is then. Any length may be written longer than it needs
 * to be. False: it is something else than a string and a list of strings. */
bool call_data_read(extvm_bytes input, struct call_data *out);

/* Takes the next argument; there are `count`. */
extvm_bytes call_data_next(extvm_bytes *arguments);

#endif

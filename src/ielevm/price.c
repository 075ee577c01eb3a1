/* The cost helpers of protocol/iele-vm.md, section 7. */
#include "price.h"

int64_t price_of_memory(int64_t words) {
    enum { FREE_WORDS = 4096, WORD = 750, QUADRATIC_DIVISOR = 8192 };
    if (words <= FREE_WORDS) {
        return 0;
    }
    iele_wide paid = (iele_wide)words - FREE_WORDS;
    return price_clamp(WORD * paid + paid * paid / QUADRATIC_DIVISOR);
}

iele_wide price_karatsuba(iele_wide size) {
    if (size <= 32) {
        return size * size;
    }
    if (size <= 1024) {
        return size * size / 4 + 48 * size - 768;
    }
    return size * size / 16 + 432 * size - 197376;
}

/* kara of two sizes above 0. */
static iele_wide price_of_product(int64_t a, int64_t b) {
    int64_t larger = words_maximum(a, b), smaller = words_minimum(a, b);
    return larger * price_karatsuba(smaller) / smaller;
}

int64_t price_of_mul(int64_t a, int64_t b) {
    return price_clamp(GAS_MUL + 4 * ((iele_wide)a + b) + 4 * price_of_product(a, b));
}

int64_t price_of_div(int64_t a, int64_t b) {
    return a < b ? GAS_DIV
                 : price_clamp(GAS_DIV + 5 * (iele_wide)a + 8 * price_of_product(a - b + 1, b));
}

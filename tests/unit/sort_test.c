/* Sorting in place: in order whatever the order was, for elements of any size, and never slow. */
#include <stdlib.h>
#include <string.h>

#include "support/cmocka.h"

#include "common/sort.h"
#include "support/chance.h"

enum { LARGEST = 150 /* bytes of an element */ };

static size_t comparisons;

/* Of the elements that are sorted now. */
static size_t size;
static int compare(const void *a, const void *b) {
    comparisons++;
    return memcmp(a, b, size);
}

static void elements_come_out_in_order_and_none_is_lost(void **unused) {
    static const size_t sizes[] = {1, 20, 40, 64, 65, 150};
    enum { MOST = 70 };
    unsigned char elements[MOST * LARGEST], wanted[MOST * LARGEST];
    uint64_t state = 3;
    (void)unused;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        size = sizes[i];
        for (size_t count = 0; count <= MOST; count++) {
            for (size_t j = 0; j < count * size; j++) {
                elements[j] = wanted[j] = (unsigned char)(chance(&state) % 3);
            }
            sort_in_place(elements, count, size, compare);
            qsort(wanted, count, size, compare);
            assert_memory_equal(elements, wanted, count * size);
        }
    }
}

static void no_order_makes_sorting_slow(void **unused) {
    enum { COUNT = 1 << 16, LOGARITHM = 16 };
    uint32_t *numbers = calloc(COUNT, sizeof *numbers);
    (void)unused;
    assert_non_null(numbers);
    size = sizeof *numbers;
    for (unsigned shape = 0; shape < 4; shape++) {
        for (uint32_t i = 0; i < COUNT; i++) {
            uint32_t organ_pipe = i < COUNT / 2 ? i : COUNT - i;
            numbers[i] = shape == 0 ? COUNT - i : shape == 1 ? 0 : shape == 2 ? organ_pipe : i;
        }
        comparisons = 0;
        sort_in_place(numbers, COUNT, size, compare);
        assert_true(comparisons <= (size_t)2 * COUNT * LOGARITHM + 3 * COUNT);
        for (uint32_t i = 1; i < COUNT; i++) {
            assert_true(memcmp(&numbers[i - 1], &numbers[i], size) <= 0);
        }
    }
    free(numbers);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(elements_come_out_in_order_and_none_is_lost),
        cmocka_unit_test(no_order_makes_sorting_slow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

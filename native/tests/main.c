/* Every set against the scalar one and plain references, bit for bit. Usage: rnnkernels-tests [--quick] [SET...]; without names, all sets. */

#include "test.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static int passed;
static int failed;

void check(int ok, const char *format, ...)
{
    passed += ok != 0;
    failed += ok == 0;
    if (!ok && failed <= 20) {
        va_list arguments;
        va_start(arguments, format);
        printf("FAILED ");
        vprintf(format, arguments);
        printf("\n");
        va_end(arguments);
    }
}

static int add_set(test_run *run, const char *name)
{
    int known = 0;
    for (int i = 0; i < rnn_kernels_count(); i++) {
        const rnn_kernels *set = rnn_kernels_at(i);
        if (name != NULL && strcmp(set->name, name) != 0) {
            continue;
        }

        known = 1;
        if (set->is_supported) {
            printf("set %s: %s\n", set->name, set->description);
            if (run->count == MAXIMUM_SETS) {
                printf("FAILED more than %d sets\n", MAXIMUM_SETS);
                failed++;
                return 1;
            }

            run->sets[run->count++] = set;
        } else {
            printf("SKIPPED set %s: this processor or its operating system lacks %s\n", set->name, set->requirement);
        }
    }

    if (!known) {
        printf("FAILED there is no set %s\n", name);
        failed++;
    }

    return known;
}

static void test_table(void)
{
    check(rnn_kernels_abi_version() == RNN_KERNELS_ABI, "the library's ABI is %u", (unsigned)rnn_kernels_abi_version());
    check(rnn_kernels_at(-1) == NULL && rnn_kernels_at(rnn_kernels_count()) == NULL, "there is no table beyond the last");
    const rnn_kernels *last = rnn_kernels_at(rnn_kernels_count() - 1);
    check(last->is_supported && strcmp(last->name, "c-scalar") == 0, "the last set is the scalar one and can always run");
}

int main(int count, char **arguments)
{
    test_run run = {0};
    int named = 0;
    test_table();
    run.scalar = rnn_kernels_at(rnn_kernels_count() - 1);
    for (int i = 1; i < count; i++) {
        if (strcmp(arguments[i], "--quick") == 0) {
            run.quick = 1;
        } else {
            add_set(&run, arguments[i]);
            named = 1;
        }
    }

    if (!named) {
        add_set(&run, NULL);
    }

    if (run.count > 0) {
        test_products(&run);
        test_sparse(&run);
        test_cells(&run);
        test_elements(&run);
        test_programs(&run);
    }

    printf("%d passed, %d failed\n", passed, failed);
    return failed != 0;
}

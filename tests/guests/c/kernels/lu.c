/* The decomposition of a matrix into a lower and an upper triangle, in place. */

#include "kernel.h"

int main(int argc, char **argv) {
    int n = size(argc, argv, 64);
    double *a = numbers((size_t)n * n, 1);
    /* A large diagonal, so that nothing is divided by a small number. */
    for (int i = 0; i < n; i++) a[i * n + i] += n;
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < i; j++) {
            for (int k = 0; k < j; k++) a[i * n + j] -= a[i * n + k] * a[k * n + j];
            a[i * n + j] /= a[j * n + j];
        }
        for (int j = i; j < n; j++)
            for (int k = 0; k < i; k++) a[i * n + j] -= a[i * n + k] * a[k * n + j];
    }
    report("lu", a, (size_t)n * n);
    return 0;
}

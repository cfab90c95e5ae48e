/* The correlation of every two columns of a table. */

#include "kernel.h"

#include <math.h>

int main(int argc, char **argv) {
    int n = size(argc, argv, 48);
    double *data = numbers((size_t)n * n, 1), *correlation = calloc((size_t)n * n, sizeof *correlation);
    if (correlation == NULL) abort();
    for (int j = 0; j < n; j++) {
        double mean = 0, deviation = 0;
        for (int i = 0; i < n; i++) mean += data[i * n + j];
        mean /= n;
        for (int i = 0; i < n; i++) deviation += (data[i * n + j] - mean) * (data[i * n + j] - mean);
        deviation = sqrt(deviation / n);
        if (deviation <= 0.1) deviation = 1;
        for (int i = 0; i < n; i++) data[i * n + j] = (data[i * n + j] - mean) / (sqrt(n) * deviation);
    }
    for (int one = 0; one < n; one++)
        for (int other = one; other < n; other++) {
            double sum = 0;
            for (int i = 0; i < n; i++) sum += data[i * n + one] * data[i * n + other];
            correlation[one * n + other] = correlation[other * n + one] = sum;
        }
    report("correlation", correlation, (size_t)n * n);
    return 0;
}

/* Answers every line of its stdin; keeps as many bytes each time as its argument says. */
#include <stdio.h>
#include <stdlib.h>
__attribute__((noinline)) void keep_a_line(int size) {
    volatile char *kept = malloc(size);
    kept[0] = 1;
}
int main(int count, char **words) {
    char line[256];
    int size = count > 1 ? atoi(words[1]) : 0;
    while (fgets(line, sizeof line, stdin)) {
        if (size) keep_a_line(size);
        printf("%s", line);
        fflush(stdout);
    }
}

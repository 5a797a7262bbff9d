/* Compare what a device said with what this PC says of the same recordings, line by line.

       ecg_replay RECORDINGS LOG

   Of LOG, lines "classify N: ..." (the answers of recording N) and "stream N: ..." (of the N samples so far, all
   recordings as one stream) are compared, anything else is passed over. Ends with 0 where there are such lines and none
   differs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "recording.h"

#define LINE 256

static FILE *open_or_end(const char *name, const char *mode) {
    FILE *const file = fopen(name, mode);
    if (!file) {
        fprintf(stderr, "cannot open %s\n", name);
        exit(2);
    }
    return file;
}

static void write_line(char line[LINE], const char *kind, long number, const int8_t *answers) {
    int length = snprintf(line, LINE, "%s %ld:", kind, number);
    for (int i = 0; i < ECG_CLASSES; i++) length += snprintf(line + length, LINE - (size_t)length, " %d", answers[i]);
}

/* the next line of this kind in the device's log, without its end */
static int next_line(FILE *log, const char *kind, char line[LINE], int *number) {
    while (fgets(line, LINE, log)) {
        ++*number;
        line[strcspn(line, "\r\n")] = 0;
        if (!strncmp(line, kind, strlen(kind)) && line[strlen(kind)] == ' ') return 1;
    }
    return 0;
}

static int compare(FILE *log, const char *kind, long at, const int8_t *answers, int *number, int *wrong) {
    char expected[LINE], found[LINE];
    if (!next_line(log, kind, found, number)) return 0;
    write_line(expected, kind, at, answers);
    if (strcmp(expected, found)) {
        ++*wrong;
        printf("line %d: the device says \"%s\", this PC \"%s\"\n", *number, found, expected);
    }
    return 1;
}

int main(int count, char **arguments) {
    static const char *const kinds[] = {"classify", "stream"};
    int compared[2] = {0, 0}, wrong = 0;
    if (count != 3) {
        fprintf(stderr, "usage: ecg_replay RECORDINGS LOG\n");
        return 2;
    }
    for (int kind = 0; kind < 2; kind++) {
        FILE *const recordings = open_or_end(arguments[1], "rb"), *const log = open_or_end(arguments[2], "r");
        int8_t answers[ECG_CLASSES];
        int number = 0, more = 1;
        long samples = 0;
        if (kind == 1) ecg_restart();
        for (long at = 0; more && read_recording(recordings); at++) {
            if (kind == 0) {
                ecg_classify_microvolts((const int16_t(*)[ECG_LEADS])recording, answers);
                more = compare(log, kinds[kind], at, answers, &number, &wrong);
                compared[kind] += more;
            }
            for (int i = 0; kind == 1 && more && i < ECG_SAMPLES; i++) {
                samples++;
                if (!ecg_push(recording[i], answers)) continue;
                more = compare(log, kinds[kind], samples, answers, &number, &wrong);
                compared[kind] += more;
            }
        }
        fclose(recordings);
        fclose(log);
    }
    printf("%d recordings and %d answers of a stream compared, %d differ\n", compared[0], compared[1], wrong);
    return wrong || compared[0] + compared[1] == 0;
}

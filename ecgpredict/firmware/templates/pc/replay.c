/* Compare the log of a device with the outputs that this PC computes for the same recordings, line by line.

       ecg_replay RECORDINGS LOG

   Two kinds of lines of LOG are compared: "classify N: ..." with the outputs of recording N, and "stream N: ..." with
   the outputs after N samples, all recordings being one stream. All other lines are ignored. Exit status 0 if there is
   at least one such line and none differs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "recording.h"

#define LINE (32 + 5 * ECG_CLASSES)

enum { CLASSIFY, STREAM, MODES };
static const char *const mode_names[MODES] = {"classify", "stream"};
static ecg_arena arena;
static ecg_stream stream;

static FILE *open_or_exit(const char *name, const char *mode) {
    FILE *const file = fopen(name, mode);
    if (!file) {
        fprintf(stderr, "cannot open %s\n", name);
        exit(2);
    }
    return file;
}

static void format_line(char line[LINE], const char *mode, long number, const int8_t *outputs) {
    int length = snprintf(line, LINE, "%s %ld:", mode, number);
    for (int i = 0; i < ECG_CLASSES; i++) length += snprintf(line + length, LINE - (size_t)length, " %d", outputs[i]);
}

/* Read up to the next line of this mode in the device's log, and remove its line end. */
static int read_line(FILE *log, const char *mode, char line[LINE], int *line_number) {
    while (fgets(line, LINE, log)) {
        ++*line_number;
        line[strcspn(line, "\r\n")] = 0;
        if (!strncmp(line, mode, strlen(mode)) && line[strlen(mode)] == ' ') return 1;
    }
    return 0;
}

/* Returns 0 at the end of the log. */
static int compare(FILE *log, const char *mode, long number, const int8_t *outputs, int *line_number, int *different) {
    char expected[LINE], found[LINE];
    if (!read_line(log, mode, found, line_number)) return 0;
    format_line(expected, mode, number, outputs);
    if (strcmp(expected, found)) {
        ++*different;
        printf("line %d: device \"%s\", PC \"%s\"\n", *line_number, found, expected);
    }
    return 1;
}

int main(int count, char **arguments) {
    int compared[MODES] = {0, 0}, different = 0;
    if (count != 3) {
        fprintf(stderr, "usage: ecg_replay RECORDINGS LOG\n");
        return 2;
    }
    for (int mode = 0; mode < MODES; mode++) {
        FILE *const recordings = open_or_exit(arguments[1], "rb"), *const log = open_or_exit(arguments[2], "r");
        int8_t outputs[ECG_CLASSES];
        int line_number = 0, more = 1;
        long samples = 0;
        for (long number = 0; more && read_recording(recordings); number++) {
            if (mode == CLASSIFY) {
                ecg_classify(&arena, recording[0], outputs);
                more = compare(log, mode_names[mode], number, outputs, &line_number, &different);
                compared[mode] += more;
            }
            for (int i = 0; mode == STREAM && more && i < ECG_SAMPLES; i++) {
                samples++;
                if (!ecg_push(&stream, recording[i], outputs)) continue;
                more = compare(log, mode_names[mode], samples, outputs, &line_number, &different);
                compared[mode] += more;
            }
        }
        fclose(recordings);
        fclose(log);
    }
    printf("%d recordings and %d windows of a stream compared, %d differ\n", compared[CLASSIFY], compared[STREAM],
           different);
    return different || compared[CLASSIFY] + compared[STREAM] == 0;
}

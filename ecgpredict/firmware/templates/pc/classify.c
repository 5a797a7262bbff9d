/* Classify the recordings of a file: int16 little-endian microvolts, samples outermost, one recording after the other.
   This is WFDB's format 16 with 1000 steps per mV, as in PTB-XL's .dat files at @entry.rate@ Hz. */
#include <stdio.h>

#include "recording.h"

int main(int count, char **arguments) {
    FILE *const file = count == 2 ? fopen(arguments[1], "rb") : NULL;
    static ecg_arena arena;
    int8_t outputs[ECG_CLASSES];
    int recordings = 0;
    if (!file) {
        fprintf(stderr, "usage: ecg_classify FILE, with %d bytes per recording\n", RECORDING_BYTES);
        return 2;
    }
    while (read_recording(file)) {
        ecg_classify(&arena, recording[0], outputs);
        printf("recording %d:", recordings++);
        for (int i = 0; i < ECG_CLASSES; i++) printf(" %s %.3f", ecg_class_names[i], (double)ECG_PROBABILITY(outputs[i]));
        putchar('\n');
    }
    fclose(file);
    if (!recordings) fprintf(stderr, "the file contains no complete recording of %d bytes\n", RECORDING_BYTES);
    return recordings ? 0 : 1;
}

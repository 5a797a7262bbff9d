/* Classify recordings from a file: int16 little-endian microvolts, samples outermost (WFDB's format 16 with 1000 steps
   a mV, as PTB-XL's .dat files at @rate@ Hz), one recording after the other. */
#include <stdio.h>

#include "recording.h"

int main(int count, char **arguments) {
    FILE *const file = count == 2 ? fopen(arguments[1], "rb") : NULL;
    float probabilities[ECG_CLASSES];
    int recordings = 0;
    if (!file) {
        fprintf(stderr, "usage: ecg_classify FILE, of %d bytes a recording\n", RECORDING_BYTES);
        return 2;
    }
    while (read_recording(file)) {
        ecg_classify((const int16_t(*)[ECG_LEADS])recording, probabilities);
        printf("recording %d:", recordings++);
        for (int i = 0; i < ECG_CLASSES; i++) printf(" %s %.3f", ecg_class_names[i], (double)probabilities[i]);
        putchar('\n');
    }
    fclose(file);
    if (!recordings) fprintf(stderr, "not one whole recording of %d bytes\n", RECORDING_BYTES);
    return recordings ? 0 : 1;
}

/* Read recordings on a PC of any byte order. */
#ifndef RECORDING_H
#define RECORDING_H

#include <stdio.h>

#include "ecg_model.h"

#define RECORDING_BYTES (2 * ECG_SAMPLES * ECG_LEADS)

static int16_t recording[ECG_SAMPLES][ECG_LEADS];

static int read_recording(FILE *file) {
    static unsigned char bytes[RECORDING_BYTES];
    if (fread(bytes, 1, sizeof bytes, file) != sizeof bytes) return 0;
    for (int i = 0; i < ECG_SAMPLES * ECG_LEADS; i++) {
        const int32_t value = bytes[2 * i] | bytes[2 * i + 1] << 8;
        recording[i / ECG_LEADS][i % ECG_LEADS] = (int16_t)(value < 32768 ? value : value - 65536);
    }
    return 1;
}

#endif

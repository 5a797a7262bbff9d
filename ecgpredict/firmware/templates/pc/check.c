/* Compare the outputs on this computer with those that ecglib computed when it wrote the model. Exit status 0 if all of
   them are equal. */
#include <stdio.h>
#include <string.h>

#include "ecg_golden.h"

#define STREAM_SAMPLES (3 * ECG_SAMPLES)
#define MAX_RESULTS 64

static ecg_arena arena;
static ecg_stream state;

static int16_t stream[STREAM_SAMPLES][ECG_LEADS];

int main(void) {
    int8_t outputs[ECG_CLASSES], results[MAX_RESULTS][ECG_CLASSES];
    int differ = 0, stream_differs = 0, count = 0;

    printf("%s, %s inner loop, SHA-256 of the .tflite file %.16s\n", ecg_model_name, ecg_kernel, ecg_model_sha256);
    ecg_classify(&arena, ecg_golden_microvolts[0], outputs);
    for (int i = 0; i < ECG_CLASSES; i++) {
        differ |= outputs[i] != ecg_golden_outputs[i];
        printf("%5s %.3f%s\n", ecg_class_names[i], (double)ECG_PROBABILITY(outputs[i]),
               outputs[i] >= ecg_thresholds[i] ? " predicted" : "");
    }
    printf("golden recording: outputs %s\n", differ ? "DIFFER" : "match");

    /* Each result of a stream must be equal to that of its window as a separate recording. */
    for (int i = 0; i < STREAM_SAMPLES; i++)
        memcpy(stream[i], ecg_golden_microvolts[(i + i / ECG_SAMPLES * 137) % ECG_SAMPLES], sizeof stream[i]);
    for (int i = 0; i < STREAM_SAMPLES && count < MAX_RESULTS; i++) count += ecg_push(&state, stream[i], results[count]);
    for (int i = 0; i < count; i++) {
        ecg_classify(&arena, stream[i * ECG_HOP], outputs);
        if (memcmp(outputs, results[i], sizeof outputs)) {
            stream_differs = 1;
            printf("stream: outputs of window %d DIFFER\n", i);
        }
    }
    if (count < 2 * ECG_SAMPLES / ECG_HOP - 1) {
        stream_differs = 1;
        printf("stream: windows are MISSING\n");
    }
    if (!stream_differs) printf("stream: outputs of %d windows match\n", count);
    return differ || stream_differs;
}

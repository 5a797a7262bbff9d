/* Is this computer's arithmetic that of the PC that wrote the model? Ends with 0 where it is. */
#include <stdio.h>
#include <string.h>

#include "ecg_golden.h"

static int16_t stream[3 * ECG_SAMPLES][ECG_LEADS];

int main(void) {
    int8_t answers[ECG_CLASSES], pushed[64][ECG_CLASSES];
    int wrong = 0, count = 0;

    printf("%s, %s inner loop, SHA-256 of its .tflite file %.16s\n", ecg_model_name, ecg_kernel, ecg_model_sha256);
    ecg_classify_microvolts(ecg_golden_microvolts, answers);
    for (int i = 0; i < ECG_CLASSES; i++) {
        wrong |= answers[i] != ecg_golden_answers[i];
        printf("%5s %.3f%s\n", ecg_class_names[i], (double)ecg_probability(answers[i]),
               answers[i] >= ecg_thresholds[i] ? " found" : "");
    }
    puts(wrong ? "the golden recording has OTHER answers" : "the golden recording has the answers that it should have");

    /* a stream gives, for each of its windows, what that window gives by itself */
    for (int i = 0; i < 3 * ECG_SAMPLES; i++)
        memcpy(stream[i], ecg_golden_microvolts[(i + i / ECG_SAMPLES * 137) % ECG_SAMPLES], sizeof stream[i]);
    ecg_restart();
    for (int i = 0; i < 3 * ECG_SAMPLES && count < 64; i++) count += ecg_push(stream[i], pushed[count]);
    for (int i = 0; i < count; i++) {
        ecg_classify_microvolts((const int16_t(*)[ECG_LEADS])(stream + i * ECG_HOP), answers);
        if (memcmp(answers, pushed[i], sizeof answers)) wrong = 1, printf("answer %d of the stream is ANOTHER one\n", i);
    }
    printf("%d answers of a stream compared\n", count);
    return wrong || count < 2 * ECG_SAMPLES / ECG_HOP - 1;
}

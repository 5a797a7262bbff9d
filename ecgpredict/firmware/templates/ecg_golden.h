/* A synthetic recording, the first of recordings.bin, and its expected outputs. Written by ecglib @version@. */
#ifndef ECG_GOLDEN_H
#define ECG_GOLDEN_H

#include "ecg_model.h"

extern const int16_t ecg_golden_microvolts[ECG_SAMPLES][ECG_LEADS];
extern const int8_t ecg_golden_outputs[ECG_CLASSES];

#endif

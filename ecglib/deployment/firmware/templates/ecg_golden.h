/* A synthetic recording and what the PC says of it: the first of recordings.bin. Written by ecglib @version@. */
#ifndef ECG_GOLDEN_H
#define ECG_GOLDEN_H

#include "ecg_model.h"

extern const int16_t ecg_golden_microvolts[ECG_SAMPLES][ECG_LEADS];
extern const int8_t ecg_golden_answers[ECG_CLASSES];

#endif

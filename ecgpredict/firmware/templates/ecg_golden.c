#include "ecg_golden.h"

const int16_t ecg_golden_microvolts[ECG_SAMPLES][ECG_LEADS] = {
//% for sample in golden.microvolts
    {@sample|join(", ")@},
//% endfor
};
const int8_t ecg_golden_outputs[ECG_CLASSES] = {@golden.outputs|join(", ")@};

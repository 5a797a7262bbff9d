/* The model on an emulated Cortex-M processor. Input and output use semihosting, by which a program accesses the files of
   its debugger:

       device                     classify the golden recording
       device classify FILE       classify each recording of a file (int16 microvolts) separately
       device stream FILE         process all recordings of a file as one stream, sample by sample

   Instructions and stack are reported after the outputs. SysTick counts time at CLOCK_MHZ, and with `-icount shift=0` QEMU
   executes one instruction per nanosecond, so that a tick at 25 MHz is 40 instructions. The stack below the caller is filled with
   a pattern before each call, and the overwritten part is measured afterwards. */
#include <stdint.h>

#include "ecg_golden.h"

#define STACK_WORDS 4096
#define STACK_PATTERN 0xEC60EC60U
#define SETTLING_SAMPLES ECG_SAMPLES /* before the first result */

enum { SYS_OPEN = 1, SYS_WRITE0 = 4, SYS_READ = 6, SYS_GET_CMDLINE = 0x15, SYS_EXIT_EXTENDED = 0x20 };
enum { APPLICATION_EXIT = 0x20026 };
#define SYST ((volatile uint32_t *)0xE000E010) /* control, reload, current */

extern uint32_t stack_top[];
volatile uint32_t systick_wraps;
static int16_t recording[ECG_SAMPLES][ECG_LEADS];
static ecg_arena arena;
static ecg_stream stream;
static char line[128 + 5 * ECG_CLASSES];

typedef struct {
    int64_t calls, stack; /* stack: largest value in bytes */
    uint64_t ticks, largest; /* of all calls; of one */
} usage_t;

static int32_t semihosting(int32_t operation, const void *block) {
    register int32_t result __asm__("r0") = operation;
    register const void *argument __asm__("r1") = block;
    __asm__ volatile("bkpt 0xAB" : "+r"(result) : "r"(argument) : "memory");
    return result;
}

static void exit_with(uint32_t status) {
    const uint32_t block[2] = {APPLICATION_EXIT, status};
    semihosting(SYS_EXIT_EXTENDED, block);
}

static char *append_text(char *at, const char *text) {
    while (*text) *at++ = *text++;
    return at;
}

static char *append_number(char *at, int64_t value) {
    char digits[20];
    int count = 0;
    if (value < 0) *at++ = '-', value = -value;
    do digits[count++] = (char)('0' + value % 10);
    while (value /= 10);
    while (count) *at++ = digits[--count];
    return at;
}

static void print_line(char *end) {
    *end++ = '\n', *end = 0;
    semihosting(SYS_WRITE0, line);
}

static void print_text(const char *text) {
    print_line(append_text(line, text));
}

static void print_number(const char *label, int64_t value) {
    print_line(append_number(append_text(append_text(line, label), ": "), value));
}

static void print_outputs(const char *mode, int64_t number, const int8_t *outputs) {
    char *end = append_text(append_number(append_text(append_text(line, mode), " "), number), ":");
    for (int i = 0; i < ECG_CLASSES; i++) end = append_number(append_text(end, " "), outputs[i]);
    print_line(end);
}

static uint64_t ticks(void) {
    uint32_t wraps, now;
    do wraps = systick_wraps, now = SYST[2];
    while (wraps != systick_wraps);
    return (uint64_t)wraps * 0x1000000 + (0xFFFFFF - now);
}

/* Fill the unused stack below the current stack pointer; inlined, since a call would use stack itself. */
static inline __attribute__((always_inline)) uint32_t *fill_stack(void) {
    uint32_t *here;
    __asm__ volatile("mov %0, sp" : "=r"(here));
    for (volatile uint32_t *at = stack_top - STACK_WORDS; at < here; at++) *at = STACK_PATTERN;
    return here;
}

/* Bytes of stack below `from` that were overwritten. */
static int64_t used_stack(const uint32_t *from) {
    const uint32_t *at = stack_top - STACK_WORDS;
    while (at < from && *at == STACK_PATTERN) at++;
    return 4 * (from - at);
}

static int32_t open_file(const char *name) {
    const char *end = name;
    while (*end) end++;
    const uint32_t block[3] = {(uint32_t)(uintptr_t)name, 1, (uint32_t)(end - name)}; /* 1: binary, for reading */
    const int32_t file = semihosting(SYS_OPEN, block);
    if (file < 0) print_text("cannot open the file"), exit_with(2);
    return file;
}

/* Returns 1 if all bytes were read. */
static int read_file(int32_t file, void *to, uint32_t bytes) {
    const uint32_t block[3] = {(uint32_t)file, (uint32_t)(uintptr_t)to, bytes};
    return semihosting(SYS_READ, block) == 0; /* the number of bytes that were not read */
}

/* Split the command line "device MODE FILE". Returns FILE, or 0 if there is none; `mode` is the first letter of MODE. */
static char *parse_command(char *command, uint32_t size, char *mode) {
    const uint32_t block[2] = {(uint32_t)(uintptr_t)command, size};
    *mode = 0;
    if (semihosting(SYS_GET_CMDLINE, block)) return 0;
    for (char *at = command; *at; at++) {
        if (*at != ' ') continue;
        if (*mode) return at + 1;
        *mode = at[1];
    }
    return 0;
}

static void print_usage(const char *label, const usage_t *usage) {
    if (usage->calls > 0) print_number(label, (int64_t)(usage->ticks * 1000 / CLOCK_MHZ / (uint64_t)usage->calls));
    print_number("largest", (int64_t)(usage->largest * 1000 / CLOCK_MHZ));
    print_number("stack bytes", usage->stack);
}

static void process_stream(int32_t file) {
    int8_t outputs[ECG_CLASSES];
    usage_t usage = {0, 0, 0, 0};
    for (int64_t samples = 1; read_file(file, recording[0], sizeof recording[0]); samples++) {
        uint32_t *const from = fill_stack();
        const uint64_t start = ticks();
        const int has_result = ecg_push(&stream, recording[0], outputs);
        const uint64_t end = ticks();
        const int64_t stack = used_stack(from);
        if (samples > SETTLING_SAMPLES) usage.calls++, usage.ticks += end - start;
        if (end - start > usage.largest) usage.largest = end - start;
        if (stack > usage.stack) usage.stack = stack;
        if (has_result) print_outputs("stream", samples, outputs);
    }
    print_usage("instructions per sample", &usage);
}

static void classify(const int16_t *microvolts, int8_t outputs[ECG_CLASSES], usage_t *usage) {
    uint32_t *const from = fill_stack();
    const uint64_t start = ticks();
    ecg_classify(&arena, microvolts, outputs);
    const uint64_t taken = ticks() - start;
    usage->ticks += taken;
    if (taken > usage->largest) usage->largest = taken;
    const int64_t stack = used_stack(from);
    if (stack > usage->stack) usage->stack = stack;
    print_outputs("classify", usage->calls++, outputs);
}

static void classify_file(int32_t file) {
    int8_t outputs[ECG_CLASSES];
    usage_t usage = {0, 0, 0, 0};
    while (read_file(file, recording, sizeof recording))
        classify(recording[0], outputs, &usage);
    print_usage("instructions per recording", &usage);
}

static uint32_t classify_golden(void) {
    int8_t outputs[ECG_CLASSES];
    usage_t usage = {0, 0, 0, 0};
    uint32_t differ = 0;
    classify(ecg_golden_microvolts[0], outputs, &usage);
    for (int i = 0; i < ECG_CLASSES; i++) differ |= outputs[i] != ecg_golden_outputs[i];
    print_usage("instructions per recording", &usage);
    print_text(differ ? "golden recording: outputs DIFFER" : "golden recording: outputs match");
    return differ;
}

int main(void) {
    static char command[512];
    char mode, *const file = parse_command(command, sizeof command, &mode);
    uint32_t status = 0;

    SYST[1] = 0xFFFFFF, SYST[2] = 0, SYST[0] = 7; /* count processor clocks, with an interrupt at each wrap */
    print_line(append_text(append_text(append_text(line, ecg_model_name), ", inner loop: "), ecg_kernel));
    if (!file)
        status = classify_golden();
    else if (mode == 's')
        process_stream(open_file(file));
    else
        classify_file(open_file(file));
    exit_with(status);
    return 0;
}

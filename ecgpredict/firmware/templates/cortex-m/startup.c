/* Reset handler and vector table: initialize memory, enable floating point, count SysTick wraps. */
#include <stdint.h>

extern uint32_t data_load[], data_start[], data_end[], bss_start[], bss_end[], stack_top[];
extern volatile uint32_t systick_wraps;
int main(void);
void reset(void);
void systick(void);

static void stop(void) {
    for (;;) {
    }
}

void systick(void) {
    systick_wraps++;
}

__attribute__((section(".vectors"), used)) static void (*const vectors[16])(void) = {
    (void (*)(void))stack_top, reset, stop, stop, stop, stop, stop, 0, 0, 0, 0, stop, stop, 0, stop, systick,
};

void reset(void) {
    *(volatile uint32_t *)0xE000ED88 |= 0xFU << 20; /* CPACR: full access to the floating point unit */
    for (uint32_t *from = data_load, *to = data_start; to < data_end;) *to++ = *from++;
    for (uint32_t *to = bss_start; to < bss_end;) *to++ = 0;
    main();
    stop();
}

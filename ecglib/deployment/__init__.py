"""Released models and recordings of any origin: readers, quality warnings, prediction, reports, C code, the browser.

Input: a recording, or a released model. Output: probabilities, a report, C code. May import `compression` and what
that may import.
"""

"""Released models on recordings from anywhere: readers, quality warnings, prediction, reports, C code, the browser.

Input: a recording, or a released model. Output: probabilities, a report, a header. May import `compression` and what
that may import.
"""

"""From scores to metrics: AUCs, bootstrap intervals, calibration, latency.

Input: scores by ecg_id and the labels of a `Dataset`. Output: point estimates with intervals. May import `data`.
"""

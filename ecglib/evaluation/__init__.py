"""From scores to metrics: AUCs, bootstrap intervals, calibration, latency."""

"""A profile of the study: its settings, paths and models, and the results that the chapters write.

Input: config/ and the data. Output: finished runs and results/<profile>. May import every subpackage but `book`.
"""

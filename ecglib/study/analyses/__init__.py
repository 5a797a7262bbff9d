"""What the chapters show: each analysis loads finished runs, computes one section's figures and words its conclusions.

Input: an opened `Study`. Output: tables, estimates and sentences whose numbers are all computed. Selections use fold 9
only; fold 10 is reported.
"""

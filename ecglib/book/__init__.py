"""Results to pages: tables, figures, executed chapters, the built book.

Input: results/<profile> and notebooks/. Output: _build/<profile>/html. May import every other subpackage.
"""

"""Results to pages: tables, figures, executed chapters, the built book."""

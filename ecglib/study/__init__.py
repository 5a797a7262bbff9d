"""The study: models, profiles, finished trainings and results. May import every subpackage but `book` and `cli`."""

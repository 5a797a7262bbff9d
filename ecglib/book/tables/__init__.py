"""The study's tables, as pandas Stylers for chapters and as Markdown for the README and the book's pages."""

from ecglib.book.tables.display import (
    file_size,
    markdown,
    megabytes,
    model_labels,
    registry,
    short_count,
    show,
    with_display_names,
)
from ecglib.book.tables.networks import side_by_side
from ecglib.book.tables.results import as_released, claims, family, headline, systems

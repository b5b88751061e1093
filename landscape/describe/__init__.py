"""What is a plugin, as its users see it?"""

from landscape.describe.facts import (
    Description,
    FieldFacts,
    describe,
    field_facts,
    find,
    line_in_plugins,
    one,
    use,
    value_text,
    where_in_plugins,
)
from landscape.describe.picture import figure

__all__ = [
    "Description",
    "FieldFacts",
    "describe",
    "field_facts",
    "figure",
    "find",
    "line_in_plugins",
    "one",
    "use",
    "value_text",
    "where_in_plugins",
]

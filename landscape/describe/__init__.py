"""What is a plugin, as its users see it?"""

from landscape.describe.facts import (
    Description,
    FieldFacts,
    describe,
    field_facts,
    find,
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
    "one",
    "use",
    "value_text",
    "where_in_plugins",
]

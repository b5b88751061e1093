"""What is a plugin, as its users see it?"""

from landscape.describe.facts import Description, FieldFacts, describe, field_facts, find, use, value_text
from landscape.describe.picture import figure

__all__ = ["Description", "FieldFacts", "describe", "field_facts", "figure", "find", "use", "value_text"]

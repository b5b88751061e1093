"""How are costs, paths and weights drawn? Arrays go in, Plotly figures come out; no Dash.

Heights and colours are logarithms of the cost; ticks and hover are in cost units.
"""

from landscape.figures.contours import contour_figure
from landscape.figures.curves import cost_figure
from landscape.figures.files import save
from landscape.figures.functions import function_figure
from landscape.figures.onplane import PathOnPlane, interpolate, path_on_plane
from landscape.figures.relief import surface_figure
from landscape.figures.scale import CostScale, scale_for
from landscape.figures.weights import weights_figure

__all__ = [
    "CostScale",
    "PathOnPlane",
    "contour_figure",
    "cost_figure",
    "function_figure",
    "interpolate",
    "path_on_plane",
    "save",
    "scale_for",
    "surface_figure",
    "weights_figure",
]

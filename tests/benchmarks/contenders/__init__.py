"""The contenders, one file each.

For training, a file defines ``start(data, theta, batch) -> problem.Training``; for the surface,
``start(data, plane) -> problem.Surface``. Whatever can be done once (imports, conversions, compilation) is done
in ``start`` or in the first call, neither of which is timed.
"""

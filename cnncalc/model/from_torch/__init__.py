"""Import: from a PyTorch module to the text of a spec.

``trace`` runs the module through torch.fx, ``reading`` says what each call is in the language, ``simplify``
leaves out what says nothing, ``nest`` finds branches and merges, ``fold`` makes blocks and repeats of what is
alike, ``render`` lays out the text, and ``proof`` compares what both compute; ``convert`` calls one after the other.
"""

from cnncalc.model.from_torch.convert import Imported, import_module

__all__ = ["Imported", "import_module"]

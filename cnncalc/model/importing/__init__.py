"""The way back: from a PyTorch module to the text of a spec.

``tracing`` runs the module through torch.fx, ``reading`` says what each call is in the language,
``structure`` finds branches and merges, ``folding`` makes blocks and repeats of what is alike, and
``importing`` lays out the text and checks it against the module.
"""

from cnncalc.model.importing.importing import Imported, import_module

__all__ = ["Imported", "import_module"]

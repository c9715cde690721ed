"""Python's standard library for a site that brings Pyodide with it, without what the calculator never comes to."""

from __future__ import annotations

import io
import zipfile

_LEFT_OUT = (
    *("_pyrepl/", "bdb.py", "cProfile.py", "cmd.py", "code.py", "doctest.py", "pdb.py", "profile.py", "pstats.py"),
    *("pydoc.py", "pydoc_data/", "rlcompleter.py", "trace.py", "tracemalloc.py", "unittest/", "optparse.py"),
    *("ftplib.py", "imaplib.py", "mailbox.py", "poplib.py", "smtplib.py", "wsgiref/", "xmlrpc/", "http/server.py"),
    *("encodings/cp0", "encodings/cp1", "encodings/cp5", "encodings/cp7", "encodings/cp8", "encodings/mac_"),
    *("encodings/hp_", "encodings/koi8", "encodings/kz1048", "encodings/palmos", "encodings/ptcp", "encodings/tis_"),
    *("pickletools.py", "plistlib.py", "modulefinder.py", "multiprocessing/managers.py", "logging/handlers.py"),
)
"""How names begin: debuggers, profilers and tests, servers and mail, code pages of other centuries.

Names in a zip are decoded by code page 437, which stays.
"""
_SAID = "Python's standard library as Pyodide ships it, without modules that cnncalc does not use.\n"
_DATE = (1980, 1, 1, 0, 0, 0)  # of every file, so that the same library gives the same bytes


def trimmed(library: bytes) -> bytes:
    """Return the archive of the standard library without what is not used; it names itself a changed one."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(library)) as whole, zipfile.ZipFile(made, "w", compresslevel=9) as packed:
        for entry in whole.infolist():
            if not entry.filename.startswith(_LEFT_OUT):
                packed.writestr(zipfile.ZipInfo(entry.filename, _DATE), whole.read(entry), zipfile.ZIP_DEFLATED)
        packed.writestr(zipfile.ZipInfo("CHANGES.txt", _DATE), _SAID, zipfile.ZIP_DEFLATED)
    return made.getvalue()

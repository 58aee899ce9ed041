"""Modules of the standard library that a script may import: they are loaded before it is confined, for it can read no file then."""

import ast
import importlib
import sys

_ALWAYS = (
    '_strptime ast base64 binascii bisect calendar collections.abc copy csv dataclasses datetime decimal encodings.ascii'
    ' encodings.idna encodings.latin_1 encodings.utf_8 enum fnmatch fractions functools hashlib heapq hmac html ipaddress'
    ' itertools json locale logging math operator random re shlex statistics string stringprep struct textwrap time'
    ' traceback typing unicodedata urllib.parse uuid'
).split()
_NEVER = {'antigravity', 'ctypes', '_ctypes', 'idlelib', 'pty', 'test', 'this', 'tkinter', 'turtle', 'turtledemo'}


def preload(tree):
    """What is named by the imports of a script, wherever they stand. Others than those of the standard library are not there."""
    names = set(_ALWAYS)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names.add(node.module)
            names.update(f'{node.module}.{alias.name}' for alias in node.names)
    for name in sorted(names):
        first = name.split('.')[0]
        if first in sys.stdlib_module_names and first not in _NEVER:
            try:
                importlib.import_module(name)
            except ImportError:
                pass  # a function or a class of a module, or a module that this system does not have
    return _zones(tree) if 'zoneinfo' in sys.modules else []


def _zones(tree):
    """Time zones that the script names: their files cannot be read later."""
    from zoneinfo import ZoneInfo

    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) < 64:
            try:
                found.append(ZoneInfo(node.value))
            except (ValueError, OSError, KeyError):
                pass
    return found

"""The only package that writes into the user's folder.

A file is exchanged with a temporary file next to it in a single system call, and the old content is
checked afterwards: if an editor saved in between, the two are exchanged back. No symlink below the
root is followed: folders are opened one by one, by descriptor where the system supports it.
"""

from pinesync.workspace.files.create_file import is_taken, make_file, refuse_unwritable
from pinesync.workspace.files.new_workspace import is_free, make_folder, remove_built, staged_folder
from pinesync.workspace.files.pages import is_page, put_page
from pinesync.workspace.files.rename import add_new_name, remove_old_name
from pinesync.workspace.files.tree import Tree
from pinesync.workspace.files.walk import MANIFEST

__all__ = [
    "MANIFEST",
    "Tree",
    "add_new_name",
    "is_free",
    "is_page",
    "is_taken",
    "make_file",
    "make_folder",
    "put_page",
    "refuse_unwritable",
    "remove_built",
    "remove_old_name",
    "staged_folder",
]

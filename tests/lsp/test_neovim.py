"""The real Neovim with its own client, and the guide's settings."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.pages import blocks, page
from tests.world import BROKEN, LONGER, TREND, TREND_PATH, World

NVIM = shutil.which("nvim")
pytestmark = pytest.mark.skipif(NVIM is None, reason="needs the program nvim")

SCRIPT = """
local told = {}
local function wait(what) assert(vim.wait(60000, what, 20), vim.inspect(told)) end
vim.cmd('edit %s')
local buffer = vim.api.nvim_get_current_buf()
wait(function() return #vim.lsp.buf_get_clients(buffer) == 1 end)
wait(function() return vim.lsp.buf_get_clients(buffer)[1].server_capabilities ~= nil end)
local client = vim.lsp.buf_get_clients(buffer)[1]
vim.cmd('write')
wait(function() return #vim.diagnostic.get(buffer) > 0 end)
told.found = vim.diagnostic.get(buffer)[1]
told.found.user_data, told.found.bufnr, told.found.namespace = nil, nil, nil
vim.api.nvim_buf_set_lines(buffer, -2, -1, false, {'plot(close)'})
vim.cmd('write')
wait(function() return #vim.diagnostic.get(buffer) == 0 end)
local uri = vim.uri_from_bufnr(buffer)
local answer = client.request_sync(
  'workspace/executeCommand', {command = 'pinesync.push', arguments = {uri}}, 60000, buffer)
told.answer = answer.result
local lenses = client.request_sync(
  'textDocument/codeLens', {textDocument = {uri = uri}}, 60000, buffer)
told.lens = lenses.result[1].command.title
vim.fn.writefile({vim.json.encode(told)}, '%s')
vim.cmd('qall!')
"""


def settings() -> str:
    (found,) = (
        block.text for block in blocks(page("docs/guides/editors.md")) if block.language == "lua"
    )
    return found


def test_neovim_shows_findings_pushes_and_shows_the_code_lens(clone: World, tmp_path: Path) -> None:
    clone.write(BROKEN)
    command = f'{{ "{sys.executable}", "-m", "pinesync", "lsp" }}'
    init, report = tmp_path / "init.lua", tmp_path / "told.json"
    text, times = re.subn(r'\{ "pinesync", "lsp" \}', lambda _: command, settings())
    assert times == 1
    init.write_text(text, "utf-8")
    script = tmp_path / "script.lua"
    script.write_text(SCRIPT % (clone.folder / TREND_PATH, report), "utf-8")
    ran = subprocess.run(
        [
            str(NVIM),
            "--headless",
            "--clean",
            "-u",
            str(init),
            "-c",
            f"luafile {script}",
            "-c",
            "cquit",
        ],
        cwd=clone.folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert report.exists(), ran.stderr
    seen = json.loads(report.read_text("utf-8"))
    assert (seen["found"]["lnum"], seen["found"]["col"], seen["found"]["end_col"]) == (12, 5, 15)
    assert seen["answer"]["exit_code"] == 0
    assert seen["lens"] == "clean 2.0"
    assert clone.saved() == [TREND, LONGER]

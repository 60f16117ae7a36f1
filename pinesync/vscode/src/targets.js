'use strict';
/** Which scripts a command is about: menus and the palette give it different things. */

const vscode = require('vscode');
const { plain } = require('./plain');
const { fileOf } = require('./texts');
const { Script } = require('./view');

/** @typedef {import('./workspace').Workspace} Workspace */

/**
 * The scripts of one workspace; no paths mean all of them.
 * @typedef {{workspace: Workspace, paths: string[]}} Target
 */

/**
 * Commands are given scripts of the view, a group, the provider, a file, or nothing.
 * @param {import('./workspaces').Workspaces} workspaces
 * @param {any[]} args
 * @param {string} [step] only scripts that wait for this next step, and never all of a workspace
 * @returns {Target[]}
 */
function targets(workspaces, args, step) {
  const scripts = args
    .flatMap((arg) => arg?.resourceStates ?? arg)
    .filter((arg) => arg instanceof Script)
    .filter(({ line }) => !step || line.next_step?.command === step);
  if (scripts.length || step) {
    /** @type {Map<Workspace, string[]>} */
    const found = new Map();
    for (const { workspace, line } of scripts) {
      found.set(workspace, [...(found.get(workspace) ?? []), line.path]);
    }
    return [...found].map(([workspace, paths]) => ({ workspace, paths }));
  }
  const root = args[0]?.rootUri;
  const workspace = root instanceof vscode.Uri ? workspaces.open.get(root.fsPath) : workspaces.active;
  return workspace ? [{ workspace, paths: [] }] : [];
}

/**
 * Whether the script that was chosen in a menu has left the view meanwhile. VS Code then gives the
 * command undefined, and without a script it would be about all of them.
 * @param {any[]} args
 */
function isGone(args) {
  return args.length > 0 && args.every((arg) => arg === undefined);
}

/**
 * The one script that a command is about: of the view, a file, or the active editor's.
 * @param {import('./workspaces').Workspaces} workspaces
 * @param {any[]} args
 * @returns {Script | undefined}
 */
function script(workspaces, args) {
  if (args[0] instanceof Script) {
    return args[0];
  }
  const active = vscode.window.activeTextEditor?.document.uri;
  const named = args[0] instanceof vscode.Uri ? args[0] : active;
  const uri = named && fileOf(named);
  const workspace = workspaces.of(uri);
  const line = uri && workspace?.line(uri);
  return workspace && line ? new Script(workspace, line) : undefined;
}

/**
 * Whether the files have no unsaved changes, after asking to save them. pinesync reads the disk.
 * @param {Target} target
 * @param {string} doing
 * @returns {Promise<boolean>}
 */
async function saved({ workspace, paths }, doing) {
  const dirty = vscode.workspace.textDocuments.filter((document) => {
    const relative = document.isDirty && workspace.relative(document.uri);
    return relative && relative.endsWith('.pine') && (!paths.length || paths.includes(relative));
  });
  if (!dirty.length) {
    return true;
  }
  const names = dirty.map((document) => plain(workspace.relative(document.uri) ?? '')).join(', ');
  const choice = `Save and ${doing}`;
  const question = `${names} has unsaved changes.`;
  if ((await vscode.window.showWarningMessage(question, { modal: true }, choice)) !== choice) {
    return false;
  }
  const done = await Promise.all(dirty.map((document) => document.save()));
  return done.every(Boolean);
}

module.exports = { targets, script, isGone, saved };

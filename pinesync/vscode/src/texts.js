'use strict';
/** Saved versions as read-only documents, for diffs and the gutter. */

const vscode = require('vscode');

const SCHEME = 'pinesync';
const MOST_KEPT = 200;

/** @typedef {import('./workspace').Workspace} Workspace */

/**
 * The document of a saved version. It has the name of the file, and so its language.
 * @param {Workspace} workspace
 * @param {string} relative
 * @param {string} id the script's id on TradingView
 * @param {string} version
 */
function versionUri(workspace, relative, id, version) {
  return vscode.Uri.from({
    scheme: SCHEME,
    path: `/${relative}`,
    query: JSON.stringify({ root: workspace.folder, id, version }),
  });
}

/** An empty document with the file's name, for a script without a base. @param {string} relative */
function nothingUri(relative) {
  return vscode.Uri.from({ scheme: SCHEME, path: `/${relative}` });
}

/**
 * The file that a document of this module is a version of; any other address as it is.
 * @param {vscode.Uri} uri
 */
function fileOf(uri) {
  if (uri.scheme !== SCHEME || !uri.query) {
    return uri;
  }
  return vscode.Uri.joinPath(vscode.Uri.file(JSON.parse(uri.query).root), uri.path);
}

/** @implements {vscode.TextDocumentContentProvider} */
class Texts {
  /** @param {import('./workspaces').Workspaces} workspaces */
  constructor(workspaces) {
    this.workspaces = workspaces;
    /** A saved version never changes. @type {Map<string, Promise<string>>} */
    this.kept = new Map();
  }

  /** @param {vscode.Uri} uri */
  provideTextDocumentContent(uri) {
    if (!uri.query) {
      return '';
    }
    const { root, id, version } = JSON.parse(uri.query);
    const workspace = this.workspaces.open.get(root);
    if (!workspace) {
      throw new Error('This folder is not open any more.');
    }
    return this.read(workspace, id, version);
  }

  /**
   * The text of a version: stored on this machine, else from TradingView.
   * @param {Workspace} workspace
   * @param {string} id
   * @param {string} version
   * @returns {Promise<string>}
   */
  read(workspace, id, version) {
    const key = `${workspace.folder} ${id}@${version}`;
    const held = this.kept.get(key);
    if (held) {
      return held;
    }
    const show = (/** @type {string[]} */ ...more) =>
      workspace.command.ask(['show', ...more, '--', `${id}@${version}`], { cwd: workspace.folder });
    const text = show('--offline')
      .catch(() => show())
      .then((answer) => answer.source);
    this.kept.set(key, text);
    text.catch(() => this.kept.delete(key));
    for (const oldest of this.kept.keys()) {
      if (this.kept.size <= MOST_KEPT) {
        break;
      }
      this.kept.delete(oldest);
    }
    return text;
  }
}

module.exports = { SCHEME, Texts, versionUri, nothingUri, fileOf };

'use strict';
/** Every workspace in the open folders, and when each is looked at again. */

const path = require('node:path');
const vscode = require('vscode');
const { Workspace } = require('./workspace');

const MANIFEST = 'pine.toml';
const MOST = 50;
const SKIPPED = '**/{node_modules,.venv,venv,.git}/**';
const TICK = 15_000;

class Workspaces {
  /** @param {import('./command').Command} command */
  constructor(command) {
    this.command = command;
    /** @type {Map<string, Workspace>} */
    this.open = new Map();
    /** @type {vscode.EventEmitter<Workspace>} */
    this.added = new vscode.EventEmitter();
    this.onDidAdd = this.added.event;
    /** @type {vscode.EventEmitter<Workspace>} */
    this.removed = new vscode.EventEmitter();
    this.onDidRemove = this.removed.event;
    /** Something about one of them has changed. @type {vscode.EventEmitter<Workspace>} */
    this.changed = new vscode.EventEmitter();
    this.onDidChange = this.changed.event;
    /** @type {vscode.Disposable[]} */
    this.disposables = [];
  }

  get all() {
    return [...this.open.values()];
  }

  /**
   * The innermost workspace that contains the file.
   * @param {vscode.Uri | undefined} uri
   * @returns {Workspace | undefined}
   */
  of(uri) {
    const around = uri ? this.all.filter((one) => one.relative(uri) !== undefined) : [];
    return around.sort((a, b) => b.folder.length - a.folder.length)[0];
  }

  /** The workspace of the active editor, else the first. */
  get active() {
    return this.of(vscode.window.activeTextEditor?.document.uri) ?? this.all[0];
  }

  /** Find the workspaces, and look at each when something changes. */
  start() {
    const manifests = vscode.workspace.createFileSystemWatcher(`**/${MANIFEST}`);
    const scripts = vscode.workspace.createFileSystemWatcher('**/*.{pine,toml}');
    const soon = (/** @type {vscode.Uri} */ uri) => this.of(uri)?.soon();
    const all = () => this.all.forEach((one) => one.soon());
    const ticking = setInterval(() => {
      if (vscode.window.state.focused) {
        this.all.filter((one) => one.due).forEach((one) => void one.refresh());
      }
    }, TICK);
    this.disposables.push(
      manifests,
      scripts,
      manifests.onDidCreate(() => this.find()),
      manifests.onDidDelete(() => this.find()),
      scripts.onDidChange(soon),
      scripts.onDidCreate(soon),
      scripts.onDidDelete(soon),
      vscode.workspace.onDidSaveTextDocument((document) => soon(document.uri)),
      vscode.workspace.onDidChangeWorkspaceFolders(() => this.find()),
      vscode.window.onDidChangeWindowState((state) => state.focused && all()),
      new vscode.Disposable(() => clearInterval(ticking))
    );
    void this.followGit(all);
    return this.find();
  }

  async find() {
    const files = await vscode.workspace.findFiles(`**/${MANIFEST}`, SKIPPED, MOST);
    const roots = new Map(
      files
        .filter((uri) => uri.scheme === 'file')
        .map((uri) => [path.dirname(uri.fsPath), vscode.Uri.joinPath(uri, '..')])
    );
    for (const [folder, workspace] of this.open) {
      if (!roots.has(folder)) {
        this.open.delete(folder);
        this.removed.fire(workspace);
        workspace.dispose();
      }
    }
    for (const [folder, root] of roots) {
      if (!this.open.has(folder)) {
        const workspace = new Workspace(root, this.command);
        workspace.onDidChange(() => this.changed.fire(workspace));
        this.open.set(folder, workspace);
        this.added.fire(workspace);
        void workspace.refresh();
      }
    }
    await vscode.commands.executeCommand('setContext', 'pinesync.active', this.open.size > 0);
  }

  /**
   * Call back when HEAD of a repository moves: another branch, a commit, a pull.
   * @param {() => void} moved
   */
  async followGit(moved) {
    const extension = vscode.extensions.getExtension('vscode.git');
    const git = await extension?.activate().then((exports) => exports?.getAPI?.(1), () => undefined);
    const follow = (/** @type {any} */ repository) => {
      const head = () => `${repository.state.HEAD?.name} ${repository.state.HEAD?.commit}`;
      let last = head();
      const listener = repository.state.onDidChange(() => {
        if (head() !== last) {
          last = head();
          moved();
        }
      });
      this.disposables.push(listener);
    };
    if (git) {
      git.repositories.forEach(follow);
      this.disposables.push(git.onDidOpenRepository(follow));
    }
  }

  dispose() {
    this.disposables.forEach((one) => one.dispose());
    this.all.forEach((one) => one.dispose());
  }
}

module.exports = { Workspaces };

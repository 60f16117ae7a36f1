'use strict';
/** The provider "TradingView" of one workspace in the Source Control view. */

const vscode = require('vscode');
const { versionUri, nothingUri } = require('./texts');
const { GROUPS, groupOf, tooltip, decoration, offers } = require('./words');

/** @typedef {import('./workspace').Workspace} Workspace */
/** @typedef {import('./workspace').Line} Line */

/** A script in a group. Commands of the menus are given it. */
class Script {
  /**
   * @param {Workspace} workspace
   * @param {Line} line
   */
  constructor(workspace, line) {
    this.workspace = workspace;
    this.line = line;
    this.resourceUri = workspace.uri(line.path);
    /** @type {vscode.Command} */
    this.command = { command: 'pinesync.openChange', title: 'Open Changes', arguments: [this] };
    this.contextValue = offers(line);
    /** @type {vscode.SourceControlResourceDecorations} */
    this.decorations = {
      tooltip: tooltip(line),
      strikeThrough: line.word === 'missing',
      faded: line.role === 'nobody',
    };
  }
}

class View {
  /** @param {Workspace} workspace */
  constructor(workspace) {
    this.workspace = workspace;
    this.control = vscode.scm.createSourceControl('pinesync', 'TradingView', workspace.root);
    this.control.inputBox.visible = false;
    this.control.quickDiffProvider = this;
    this.groups = new Map(
      Object.entries(GROUPS).map(([id, label]) => {
        const group = this.control.createResourceGroup(id, label);
        group.hideWhenEmpty = true;
        return [id, group];
      })
    );
    /** @type {Map<string, Script>} */
    this.shown = new Map();
    this.listener = workspace.onDidChange(() => this.show());
  }

  show() {
    // VS Code forgets a script that is replaced, also while its menu is open: an unchanged one stays.
    const scripts = this.workspace.lines.map((line) => {
      const before = this.shown.get(line.path);
      const same = before && JSON.stringify(before.line) === JSON.stringify(line);
      return same ? before : new Script(this.workspace, line);
    });
    this.shown = new Map(scripts.map((script) => [script.line.path, script]));
    for (const [id, group] of this.groups) {
      group.resourceStates = scripts.filter((script) => groupOf(script.line) === id);
    }
    this.control.count = scripts.filter((script) => {
      const group = groupOf(script.line);
      return group && group !== 'unlisted';
    }).length;
  }

  /**
   * What the gutter compares an open file with: the text of its base.
   * @param {vscode.Uri} uri
   */
  async provideOriginalResource(uri) {
    const relative = this.workspace.relative(uri);
    if (!relative?.endsWith('.pine')) {
      return undefined;
    }
    if (!this.workspace.loaded) {
      await this.workspace.refresh();
    }
    const line = this.workspace.line(uri);
    if (!line || groupOf(line) === 'unlisted') {
      return undefined;
    }
    return line.pine_id && line.version
      ? versionUri(this.workspace, line.path, line.pine_id, line.version)
      : nothingUri(line.path);
  }

  dispose() {
    this.listener.dispose();
    this.control.dispose();
  }
}

/**
 * Colours and signs of files, in the Source Control view and the Explorer.
 * @implements {vscode.FileDecorationProvider}
 */
class Decorations {
  /** @param {import('./workspaces').Workspaces} workspaces */
  constructor(workspaces) {
    this.workspaces = workspaces;
    /** @type {vscode.EventEmitter<undefined>} */
    this.changed = new vscode.EventEmitter();
    this.onDidChangeFileDecorations = this.changed.event;
    this.listener = workspaces.onDidChange(() => this.changed.fire(undefined));
  }

  /** @param {vscode.Uri} uri */
  provideFileDecoration(uri) {
    const line = uri.path.endsWith('.pine') ? this.workspaces.of(uri)?.line(uri) : undefined;
    return line && decoration(line);
  }

  dispose() {
    this.listener.dispose();
    this.changed.dispose();
  }
}

module.exports = { View, Script, Decorations };

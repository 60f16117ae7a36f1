'use strict';
/** Starts everything in a trusted workspace, and nothing in any other. */

const vscode = require('vscode');
const { clone, signIn } = require('./accounts');
const { Actions } = require('./actions');
const { Command } = require('./command');
const { showError } = require('./messages');
const { Problems } = require('./problems');
const { StatusBar } = require('./status-bar');
const { isGone } = require('./targets');
const { SCHEME, Texts } = require('./texts');
const { showVersions } = require('./versions');
const { Decorations, View } = require('./view');
const { Watching } = require('./watching');
const { Workspaces } = require('./workspaces');

/** @param {vscode.ExtensionContext} context */
function activate(context) {
  if (vscode.workspace.isTrusted) {
    start(context);
  } else {
    context.subscriptions.push(vscode.workspace.onDidGrantWorkspaceTrust(() => start(context)));
  }
}

/** @param {vscode.ExtensionContext} context */
function start(context) {
  const page = (/** @type {string} */ name) => vscode.Uri.joinPath(context.extensionUri, name);
  const log = vscode.window.createOutputChannel('Pinesync', { log: true });
  const command = new Command(log, context.extension.packageJSON.version);
  const workspaces = new Workspaces(command);
  const problems = new Problems(command, workspaces, page('characters.md'));
  const actions = new Actions(workspaces, problems, log);
  const watching = new Watching(workspaces, problems, log);
  const statusBar = new StatusBar(workspaces);
  const decorations = new Decorations(workspaces);
  /** @type {Map<import('./workspace').Workspace, View>} */
  const views = new Map();

  /** @type {Record<string, (...args: any[]) => unknown>} */
  const commands = {
    ...actions.commands,
    versions: (...args) => showVersions(workspaces, actions, args),
    signIn: () => signIn(workspaces),
    clone: () => clone(command, { sandbox: false }),
    trySandbox: () => clone(command, { sandbox: true }),
    startWatching: () => watching.start(),
    stopWatching: () => watching.stop(),
    showOutput: () => log.show(),
    install: () => vscode.commands.executeCommand('markdown.showPreview', page('walkthrough/install.md')),
  };
  const registered = Object.entries(commands).map(([name, act]) =>
    vscode.commands.registerCommand(`pinesync.${name}`, (/** @type {any[]} */ ...args) => {
      if (isGone(args)) {
        void vscode.window.showInformationMessage('The view has changed. Choose the script again.');
        return undefined;
      }
      return act(...args);
    })
  );

  let told = false;
  context.subscriptions.push(
    log,
    workspaces,
    problems,
    watching,
    statusBar,
    decorations,
    vscode.window.registerFileDecorationProvider(decorations),
    ...registered,
    vscode.workspace.registerTextDocumentContentProvider(SCHEME, new Texts(workspaces)),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration('pinesync')) {
        command.forget();
        workspaces.all.forEach((one) => one.soon());
      }
    }),
    workspaces.onDidAdd((workspace) => views.set(workspace, new View(workspace))),
    workspaces.onDidRemove((workspace) => {
      views.get(workspace)?.dispose();
      views.delete(workspace);
    }),
    workspaces.onDidChange(({ broken }) => {
      if (broken && !told) {
        void showError(broken);
      }
      told = Boolean(broken);
    }),
    new vscode.Disposable(() => views.forEach((view) => view.dispose()))
  );
  void workspaces.start();
}

module.exports = { activate };

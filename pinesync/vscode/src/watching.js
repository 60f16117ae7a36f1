'use strict';
/** `pinesync watch` in the background: on and off, what it saves, and what goes wrong. */

const vscode = require('vscode');
const { showError } = require('./messages');
const { Failed } = require('./command');
const { plain, counted } = require('./plain');

/** @typedef {import('./workspace').Workspace} Workspace */

class Watching {
  /**
   * @param {import('./workspaces').Workspaces} workspaces
   * @param {import('./problems').Problems} problems
   * @param {vscode.LogOutputChannel} log
   */
  constructor(workspaces, problems, log) {
    this.workspaces = workspaces;
    this.problems = problems;
    this.log = log;
    /** What stops each. @type {Map<Workspace, () => void>} */
    this.stops = new Map();
    this.item = vscode.window.createStatusBarItem('pinesync.watch', vscode.StatusBarAlignment.Left, 9);
    this.item.name = 'Pinesync: Watch';
    this.failed = vscode.languages.createDiagnosticCollection('pinesync watch');
    workspaces.onDidRemove((workspace) => this.stop(workspace));
    workspaces.onDidChange(() => this.show());
    this.said = '';
  }

  /** @param {string} [said] what it did last */
  show(said) {
    this.said = said ?? this.said;
    const workspace = this.workspaces.active;
    const on = this.stops.size > 0;
    this.item.text = on ? `$(eye) ${plain(this.said)}` : '$(eye-closed) Watch';
    this.item.tooltip = on
      ? 'pinesync watch pushes every save. Click to stop it.'
      : 'Click to push on every save (pinesync watch).';
    this.item.command = on ? 'pinesync.stopWatching' : 'pinesync.startWatching';
    if (workspace) {
      this.item.show();
    } else {
      this.item.hide();
    }
    void vscode.commands.executeCommand('setContext', 'pinesync.watching', on);
  }

  async start() {
    const workspace = this.workspaces.active;
    if (!workspace || this.stops.has(workspace)) {
      return;
    }
    const pulls = vscode.workspace.getConfiguration('pinesync').get('watchPulls', false);
    const words = ['watch', ...(pulls ? ['--pull'] : [])];
    try {
      const stop = await workspace.command.stream(
        words,
        workspace.folder,
        (event) => this.tell(workspace, event),
        (errors) => this.ended(workspace, errors)
      );
      this.stops.set(workspace, stop);
      this.show('starting');
    } catch (error) {
      await showError(error);
    }
  }

  /** @param {Workspace} [workspace] without it, stop all */
  stop(workspace) {
    for (const [one, stop] of this.stops) {
      if (!workspace || one === workspace) {
        this.stops.delete(one);
        stop();
      }
    }
  }

  /**
   * @param {Workspace} workspace
   * @param {string} errors
   */
  ended(workspace, errors) {
    const unexpected = this.stops.delete(workspace);
    this.failed.clear();
    this.show();
    if (unexpected) {
      const last = errors.trim().split('\n').pop();
      void showError(new Failed(last || 'pinesync watch has ended.'));
    }
  }

  /**
   * @param {Workspace} workspace
   * @param {import('./command').Answer} event
   */
  tell(workspace, event) {
    if (event.error) {
      void showError(new Failed(event.error.message, event.error.hint ?? '', event.exit_code));
      return;
    }
    switch (event.event) {
      case 'began':
        this.show('watching');
        break;
      case 'checking':
        this.show(`checking ${event.path}`);
        break;
      case 'done':
        this.done(workspace, event.outcome);
        break;
      case 'held':
        this.say(`held: ${counted(event.paths.length, 'file')}, ${event.why}; Push sends them`);
        break;
      case 'told':
        this.say(`${event.path}: ${event.message}`);
        workspace.soon();
        break;
      case 'trouble':
        this.say(event.message);
        break;
      default:
        break;
    }
  }

  /**
   * @param {Workspace} workspace
   * @param {import('./messages').Outcome} outcome
   */
  done(workspace, outcome) {
    const { path, done, version, message, exit_code: code, diagnostics } = outcome;
    const uri = workspace.uri(path);
    this.failed.delete(uri);
    this.problems.ofRun(workspace, [outcome]);
    if (code === 0) {
      this.say(`${path} ${done} ${version ?? ''}`.trim());
    } else {
      this.say(`${path}: ${message}`);
      if (!diagnostics.length) {
        const problem = new vscode.Diagnostic(new vscode.Range(0, 0, 0, 0), plain(message));
        problem.source = 'pinesync watch';
        this.failed.set(uri, [problem]);
      }
    }
    workspace.soon();
  }

  /** @param {string} text */
  say(text) {
    this.log.info(`watch: ${text}`);
    this.show(text);
  }

  dispose() {
    this.stop();
    this.item.dispose();
    this.failed.dispose();
  }
}

module.exports = { Watching };

'use strict';
/** The commands that change files or save scripts: each runs one verb of pinesync. */

const vscode = require('vscode');
const { showError, showRun } = require('./messages');
const { plain, counted } = require('./plain');
const { targets, script, saved } = require('./targets');
const { versionUri, nothingUri } = require('./texts');

/** @typedef {import('./targets').Target} Target */
/** @typedef {import('./view').Script} Script */

class Actions {
  /**
   * @param {import('./workspaces').Workspaces} workspaces
   * @param {import('./problems').Problems} problems
   * @param {vscode.LogOutputChannel} log
   */
  constructor(workspaces, problems, log) {
    this.workspaces = workspaces;
    this.problems = problems;
    this.log = log;
    /** One action after another: a second writer would be refused. @type {Promise<unknown>} */
    this.last = Promise.resolve();
  }

  /** @returns {Record<string, (...args: any[]) => Promise<unknown>>} */
  get commands() {
    return {
      push: (...args) => this.each(args, 'Push', ['push']),
      pull: (...args) => this.each(args, 'Pull', ['pull']),
      sync: (...args) => this.sync(args),
      add: (...args) => this.each(args, 'List', ['add'], 'add'),
      check: (...args) => this.check(args),
      refresh: (...args) => this.refresh(args),
      discard: (...args) => this.discard(args),
      resolveOurs: (...args) => this.each(args, 'Resolve', ['resolve', '--ours'], 'resolve'),
      resolveTheirs: (...args) => this.each(args, 'Resolve', ['resolve', '--theirs'], 'resolve'),
      resolveMerged: (...args) => this.each(args, 'Resolve', ['resolve', '--merged'], 'resolve'),
      openChange: (...args) => this.openChange(args),
      openFile: (...args) => this.openFile(args),
      diffNewest: (...args) => this.diffNewest(args),
    };
  }

  /**
   * Run the verb for each workspace that is meant.
   * @param {any[]} args
   * @param {string} title
   * @param {string[]} verb
   * @param {string} [step] only for scripts that wait for this next step
   */
  async each(args, title, verb, step) {
    for (const target of targets(this.workspaces, args, step)) {
      if (await saved(target, title)) {
        await this.run(target, title, [verb]);
      }
    }
  }

  /**
   * Run verbs one after another, with progress and cancellation, until one fails.
   * @param {Target} target
   * @param {string} title
   * @param {string[][]} verbs
   */
  run({ workspace, paths }, title, verbs) {
    const options = {
      location: vscode.ProgressLocation.Notification,
      title: plain(`${title} (${workspace.title})`),
      cancellable: true,
    };
    const act = async (
      /** @type {vscode.Progress<{message?: string}>} */ progress,
      /** @type {vscode.CancellationToken} */ token
    ) => {
      for (const verb of verbs) {
        progress.report({ message: verb[0] });
        const words = [...verb, '--', ...paths];
        const answer = await workspace.command.run(words, { cwd: workspace.folder, token });
        this.problems.ofRun(workspace, answer.outcomes ?? []);
        void showRun(verb[0], answer, this.log);
        if (answer.exit_code !== 0 || token.isCancellationRequested) {
          return false;
        }
      }
      return true;
    };
    const turn = this.last.then(() => vscode.window.withProgress(options, act));
    this.last = turn.catch(() => false);
    // What a failed run has met on TradingView is not known here yet.
    return turn.catch(showError).then((done) => workspace.refresh({ force: done !== true }));
  }

  /** @param {any[]} args */
  async sync(args) {
    for (const target of targets(this.workspaces, args)) {
      if (await saved(target, 'Push')) {
        await this.run(target, 'Pull, then push', [['pull'], ['push']]);
      }
    }
  }

  /** @param {any[]} args */
  async refresh(args) {
    for (const { workspace } of targets(this.workspaces, args)) {
      await workspace.refresh({ force: true });
      const error = workspace.broken ?? workspace.trouble;
      if (error) {
        await showError(error);
      }
    }
  }

  /** @param {any[]} args */
  async check(args) {
    for (const { workspace } of targets(this.workspaces, args)) {
      const options = {
        location: vscode.ProgressLocation.Notification,
        title: plain(`Check (${workspace.title})`),
        cancellable: true,
      };
      try {
        const found = await vscode.window.withProgress(options, (_, token) =>
          workspace.command.run(['check'], { cwd: workspace.folder, token })
        );
        if (!found.files) {
          throw new Error(found.error?.message ?? 'Nothing was checked.');
        }
        const { errors, warnings } = this.problems.ofCheck(workspace, found.files);
        const sums = `${counted(errors, 'error')}, ${counted(warnings, 'warning')}`;
        const text = `${counted(found.files.length, 'script')} checked: ${sums}`;
        vscode.window.setStatusBarMessage(text, 8000);
        if (errors) {
          await vscode.commands.executeCommand('workbench.actions.view.problems');
        }
      } catch (error) {
        await showError(error);
      }
    }
  }

  /** Restore the base, after asking. @param {any[]} args */
  async discard(args) {
    for (const target of targets(this.workspaces, args).filter(({ paths }) => paths.length)) {
      const { paths } = target;
      const what = paths.length === 1 ? paths[0] : counted(paths.length, 'script');
      const detail = 'The text in the file is backed up: pinesync restore --kept lists it.';
      const choice = await vscode.window.showWarningMessage(
        plain(`Discard the changes in ${what}?`),
        { modal: true, detail },
        'Discard'
      );
      if (choice === 'Discard' && (await saved(target, 'Discard'))) {
        await this.run(target, 'Discard', [['restore']]);
      }
    }
  }

  /** Open the diff that fits the word of status. @param {any[]} args */
  async openChange(args) {
    const chosen = script(this.workspaces, args);
    if (!chosen) {
      return;
    }
    const { workspace, line } = chosen;
    const { path, version, newest, pine_id: id } = line;
    const saved_ = (/** @type {string} */ one) => versionUri(workspace, path, id ?? '', one);
    if (!id || (!version && !newest)) {
      await vscode.commands.executeCommand('vscode.open', chosen.resourceUri);
    } else if (!version && newest && line.role === 'pull') {
      await vscode.commands.executeCommand('vscode.open', saved_(newest));
    } else if (line.word === 'missing') {
      await diff(saved_(version ?? ''), nothingUri(path), `${path} (${version} ↔ no file)`);
    } else if (line.word === 'behind' && newest) {
      await diff(chosen.resourceUri, saved_(newest), `${path} (file ↔ newest ${newest})`);
    } else {
      const other = newest ?? version ?? '';
      const name = newest ? 'newest' : 'base';
      await diff(saved_(other), chosen.resourceUri, `${path} (${name} ${other} ↔ file)`);
    }
  }

  /** @param {any[]} args */
  async openFile(args) {
    const chosen = script(this.workspaces, args);
    if (chosen?.line.role === 'pull' && !chosen.line.version) {
      await this.openChange(args);
    } else if (chosen) {
      await vscode.commands.executeCommand('vscode.open', chosen.resourceUri);
    }
  }

  /** Ask for the newest version, and compare it with the file. @param {any[]} args */
  async diffNewest(args) {
    const chosen = script(this.workspaces, args);
    if (!chosen?.line.pine_id) {
      void vscode.window.showInformationMessage('This file is not saved on TradingView yet.');
      return;
    }
    const { workspace, line } = chosen;
    const id = line.pine_id ?? '';
    try {
      const { version } = await workspace.command.ask(['show', '--', id], { cwd: workspace.folder });
      const left = versionUri(workspace, line.path, id, version);
      await diff(left, chosen.resourceUri, `${line.path} (newest ${version} ↔ file)`);
    } catch (error) {
      await showError(error);
    }
  }
}

/**
 * @param {vscode.Uri} left
 * @param {vscode.Uri} right
 * @param {string} title
 */
function diff(left, right, title) {
  return vscode.commands.executeCommand('vscode.diff', left, right, plain(title));
}

module.exports = { Actions, diff };

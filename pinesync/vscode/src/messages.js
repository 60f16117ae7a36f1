'use strict';
/** What the user is shown of an answer or an error. */

const vscode = require('vscode');
const { NoCommand, Failed } = require('./command');
const { plain, counted } = require('./plain');

/**
 * What became of one script in a push, pull, restore or resolve.
 * @typedef {{
 *   path: string, done: string, version: string | null, message: string, hint: string,
 *   exit_code: number, diagnostics: import('./problems').Finding[], source: string
 * }} Outcome
 */

const NOTHING = ['skipped', 'told', 'kept'];

/** Show an error, with the way out. @param {unknown} error */
async function showError(error) {
  if (error instanceof NoCommand) {
    const [how, settings] = ['How to Install', 'Open Settings'];
    const choice = await vscode.window.showErrorMessage(plain(error.message), how, settings);
    if (choice === how) {
      await vscode.commands.executeCommand('pinesync.install');
    } else if (choice === settings) {
      await vscode.commands.executeCommand('workbench.action.openSettings', 'pinesync.path');
    }
    return;
  }
  const { message, hint, exitCode } =
    error instanceof Failed ? error : { message: String(error), hint: '', exitCode: 1 };
  const signIn = exitCode === 5 ? ['Sign In'] : [];
  const text = [message, hint.replaceAll('`', '')].filter(Boolean).map(plain).join(' – ');
  const choice = await vscode.window.showErrorMessage(text, ...signIn, 'Show Output');
  if (choice) {
    const command = choice === 'Sign In' ? 'pinesync.signIn' : 'pinesync.showOutput';
    await vscode.commands.executeCommand(command);
  }
}

/**
 * Show what a run did, in one message.
 * @param {string} verb
 * @param {import('./command').Answer} answer
 * @param {vscode.LogOutputChannel} log
 */
async function showRun(verb, answer, log) {
  /** @type {Outcome[]} */
  const outcomes = answer.outcomes ?? [];
  const left = outcomes.filter((one) => one.exit_code !== 0);
  const done = outcomes.filter((one) => one.exit_code === 0 && !NOTHING.includes(one.done));
  for (const one of outcomes) {
    log.info(`${one.path}: ${one.done} ${one.version ?? ''} ${one.message}`.trim());
  }
  if (answer.error) {
    await showError(new Failed(answer.error.message, answer.error.hint ?? '', answer.exit_code));
  } else if (left.length) {
    const [first] = left;
    const more = left.length > 1 ? ` (and ${left.length - 1} more)` : '';
    const hint = first.hint && ` – ${first.hint.replaceAll('`', '')}`;
    const text = plain(`${first.path}: ${first.message}${hint}${more}`);
    if (await vscode.window.showWarningMessage(text, 'Show Output')) {
      log.show();
    }
  } else {
    const [first] = done;
    const one = done.length === 1 && `${first.path} ${first.done} ${first.version ?? ''}`.trim();
    const added = answer.added && `${counted(answer.added.length, 'file')} listed`;
    const sum = one || added || (done.length ? counted(done.length, 'script') : 'nothing to do');
    vscode.window.setStatusBarMessage(plain(`pinesync ${verb}: ${sum}`), 8000);
  }
}

module.exports = { showError, showRun };

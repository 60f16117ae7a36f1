'use strict';
/** Finds the `pinesync` command, and runs it: without a shell, one JSON object as the answer. */

const { spawn } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const vscode = require('vscode');

const WINDOWS = process.platform === 'win32';
const FILE = WINDOWS ? 'pinesync.exe' : 'pinesync';
const MOST_AT_ONCE = 4;
const MOST_OUTPUT = 64 * 1024 * 1024;

/**
 * The object of `--json`. `error` is there if the command could not do its work.
 * @typedef {{
 *   exit_code: number,
 *   error?: {message: string, hint: string | null},
 *   [key: string]: any
 * }} Answer
 */

/** There is no usable `pinesync` command. The message says how to get one. */
class NoCommand extends Error {}

/** A command failed. `exitCode` is its exit code, and `hint` what to do next. */
class Failed extends Error {
  /**
   * @param {string} message
   * @param {string} [hint]
   * @param {number} [exitCode]
   */
  constructor(message, hint = '', exitCode = 1) {
    super(message);
    this.hint = hint;
    this.exitCode = exitCode;
  }
}

/**
 * Every place where the command may be, in order: the setting, PATH, the workspace's venv. Relative
 * entries of PATH are left out: they would mean a folder of the workspace.
 * @returns {string[]}
 */
function candidates() {
  const set = vscode.workspace.getConfiguration('pinesync').get('path', '').trim();
  if (set) {
    return [set];
  }
  const onPath = (process.env.PATH ?? '').split(path.delimiter).filter(path.isAbsolute);
  const bin = WINDOWS ? 'Scripts' : 'bin';
  const folders = (vscode.workspace.workspaceFolders ?? []).filter((f) => f.uri.scheme === 'file');
  const venvs = folders.flatMap((folder) =>
    ['.venv', 'venv'].map((name) => path.join(folder.uri.fsPath, name, bin))
  );
  return [...onPath, ...venvs].map((folder) => path.join(folder, FILE));
}

/**
 * @param {string} file
 * @returns {boolean}
 */
function isProgram(file) {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return path.isAbsolute(file) && fs.statSync(file).isFile();
  } catch {
    return false;
  }
}

/**
 * Whether version `a` is older than `b`. Both are as in 1.2.3.
 * @param {string} a
 * @param {string} b
 */
function isOlder(a, b) {
  const [left, right] = [a, b].map((one) => one.split('.').map(Number));
  const at = left.findIndex((part, index) => part !== right[index]);
  return at >= 0 && left[at] < right[at];
}

class Command {
  /**
   * @param {vscode.LogOutputChannel} log
   * @param {string} version the oldest version that this extension works with: its own
   */
  constructor(log, version) {
    this.log = log;
    this.version = version;
    /** @type {Promise<string> | undefined} */
    this.found = undefined;
    this.running = 0;
    /** @type {Array<() => void>} */
    this.waiting = [];
  }

  /** Search again: a setting has changed, or the user has installed it. */
  forget() {
    this.found = undefined;
  }

  /**
   * The absolute path of the command. Rejects with NoCommand.
   * @returns {Promise<string>}
   */
  async path() {
    this.found ??= this.find();
    try {
      return await this.found;
    } catch (error) {
      this.found = undefined;
      throw error;
    }
  }

  /** @returns {Promise<string>} */
  async find() {
    const file = candidates().find(isProgram);
    if (!file) {
      throw new NoCommand('The pinesync command was not found.');
    }
    const { output } = await this.spawned(file, ['--version'], {}).catch(() => ({ output: '' }));
    const version = /^pinesync (\d+\.\d+\.\d+)/.exec(output)?.[1];
    if (!version) {
      throw new NoCommand(`${file} is not a working pinesync command.`);
    }
    if (isOlder(version, this.version)) {
      throw new NoCommand(
        `${file} is pinesync ${version}. This extension needs ${this.version} or newer.`
      );
    }
    this.log.info(`${file}: pinesync ${version}`);
    return file;
  }

  /**
   * Run `pinesync --json ARGUMENTS` and return its object, whatever its exit code.
   * @param {string[]} args
   * @param {{cwd?: string, input?: string, token?: vscode.CancellationToken}} [options]
   * @returns {Promise<Answer>}
   */
  async run(args, options = {}) {
    const file = await this.path();
    await this.turn();
    try {
      const { output, errors, code } = await this.spawned(file, ['--json', ...args], options);
      this.log.info(`pinesync ${args.join(' ')} (exit code ${code})`);
      try {
        return JSON.parse(output);
      } catch {
        const last = errors.trim().split('\n').pop() || `pinesync ended with ${code}`;
        throw new Failed(options.token?.isCancellationRequested ? 'Cancelled.' : last, '', code);
      }
    } finally {
      this.running -= 1;
      this.waiting.shift()?.();
    }
  }

  /**
   * The same, but reject with Failed if the object is an error.
   * @param {string[]} args
   * @param {{cwd?: string, input?: string, token?: vscode.CancellationToken}} [options]
   * @returns {Promise<Answer>}
   */
  async ask(args, options = {}) {
    const answer = await this.run(args, options);
    if (answer.error) {
      throw new Failed(answer.error.message, answer.error.hint ?? '', answer.exit_code);
    }
    return answer;
  }

  /**
   * Start a command that prints one JSON object per line until it is stopped.
   * @param {string[]} args
   * @param {string} cwd
   * @param {(event: Answer) => void} onEvent
   * @param {(errors: string) => void} onEnd
   * @returns {Promise<() => void>} stops it
   */
  async stream(args, cwd, onEvent, onEnd) {
    const child = spawn(await this.path(), ['--json', ...args], { cwd, windowsHide: true });
    let rest = '';
    let errors = '';
    child.stdout.setEncoding('utf8').on('data', (/** @type {string} */ text) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      lines.filter(Boolean).forEach((line) => onEvent(JSON.parse(line)));
    });
    child.stderr.setEncoding('utf8').on('data', (/** @type {string} */ text) => {
      errors = (errors + text).slice(-10_000);
    });
    child.on('error', (error) => onEnd(error.message));
    child.on('close', () => onEnd(errors));
    return () => child.kill('SIGINT');
  }

  /** Wait until few enough commands run. */
  async turn() {
    if (this.running >= MOST_AT_ONCE) {
      await new Promise((resolve) => this.waiting.push(() => resolve(undefined)));
    }
    this.running += 1;
  }

  /**
   * @param {string} file
   * @param {string[]} args
   * @param {{cwd?: string, input?: string, token?: vscode.CancellationToken}} options
   * @returns {Promise<{output: string, errors: string, code: number}>}
   */
  spawned(file, args, { cwd, input, token }) {
    return new Promise((resolve, reject) => {
      const child = spawn(file, args, { cwd, windowsHide: true });
      // As Ctrl-C does: a save that was sent is still finished.
      const cancelled = token?.onCancellationRequested(() => child.kill('SIGINT'));
      let output = '';
      let errors = '';
      child.stdout.setEncoding('utf8').on('data', (/** @type {string} */ text) => {
        output += text;
        if (output.length > MOST_OUTPUT) {
          child.kill();
        }
      });
      child.stderr.setEncoding('utf8').on('data', (/** @type {string} */ text) => {
        errors = (errors + text).slice(-10_000);
      });
      child.on('error', (error) => {
        cancelled?.dispose();
        reject(new Failed(`${file}: ${error.message}`));
      });
      child.on('close', (code) => {
        cancelled?.dispose();
        resolve({ output, errors, code: code ?? 130 });
      });
      child.stdin.on('error', () => undefined);
      child.stdin.end(input ?? '');
    });
  }
}

module.exports = { Command, NoCommand, Failed };

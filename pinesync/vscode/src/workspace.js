'use strict';
/** One folder with a pine.toml: what `pinesync status` says about it, and when it is asked again. */

const path = require('node:path');
const vscode = require('vscode');
const { Failed } = require('./command');

const SOON = 300;

/**
 * A line of `pinesync status --json`.
 * @typedef {{
 *   path: string,
 *   word: string,
 *   role: string,
 *   name: string,
 *   version: string | null,
 *   newest: string | null,
 *   pine_id: string | null,
 *   note: string,
 *   next_step: {command: string, paths: string[], hint: string} | null
 * }} Line
 */

class Workspace {
  /**
   * @param {vscode.Uri} root
   * @param {import('./command').Command} command
   */
  constructor(root, command) {
    this.root = root;
    this.command = command;
    /** @type {Line[]} */
    this.lines = [];
    /** @type {string | null} */
    this.account = null;
    this.remote = '';
    /** Why the folder could not be looked at. @type {Error | undefined} */
    this.broken = undefined;
    /** Why TradingView could not be asked. @type {Error | undefined} */
    this.trouble = undefined;
    this.loaded = false;
    this.askedAt = 0;
    /** The last answers, local and with TradingView. @type {{here: Map<string, Line>, both: Map<string, Line>}} */
    this.asked = { here: new Map(), both: new Map() };
    /** @type {NodeJS.Timeout | undefined} */
    this.timer = undefined;
    /** @type {Promise<void>} */
    this.last = Promise.resolve();
    /** @type {vscode.EventEmitter<void>} */
    this.changed = new vscode.EventEmitter();
    this.onDidChange = this.changed.event;
  }

  get folder() {
    return this.root.fsPath;
  }

  get title() {
    return path.basename(this.folder);
  }

  /** @param {string} relative */
  uri(relative) {
    return vscode.Uri.joinPath(this.root, relative);
  }

  /**
   * The path within the workspace, or undefined for a file elsewhere.
   * @param {vscode.Uri} uri
   */
  relative(uri) {
    if (uri.scheme !== this.root.scheme) {
      return undefined;
    }
    const found = path.relative(this.folder, uri.fsPath);
    const outside = !found || found.startsWith('..') || path.isAbsolute(found);
    return outside ? undefined : found.split(path.sep).join('/');
  }

  /** @param {vscode.Uri} uri */
  line(uri) {
    const relative = this.relative(uri);
    return this.lines.find((line) => line.path === relative);
  }

  /** Whether TradingView may be asked without the user's request. */
  get due() {
    const minutes = vscode.workspace.getConfiguration('pinesync').get('refreshMinutes', 1);
    return minutes > 0 && Date.now() - this.askedAt >= Math.max(1, minutes) * 60_000;
  }

  /** Something has changed: look again soon, once for many changes. */
  soon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.refresh(), SOON);
  }

  /**
   * Look again. TradingView is asked if it is due, or with `force`.
   * @param {{force?: boolean}} [options]
   * @returns {Promise<void>}
   */
  refresh({ force = false } = {}) {
    clearTimeout(this.timer);
    this.last = this.last.then(() => this.look(force || this.due));
    return this.last;
  }

  /** @param {boolean} online */
  async look(online) {
    if (online) {
      this.askedAt = Date.now();
    }
    const status = (/** @type {string[]} */ ...more) =>
      this.command.ask(['status', ...more], { cwd: this.folder });
    try {
      const [here, both] = await Promise.all([
        status('--offline'),
        online ? status().catch((/** @type {Error} */ error) => error) : undefined,
      ]);
      this.account = here.account;
      this.remote = here.remote;
      this.take(here.lines, both);
      this.loaded = true;
      this.broken = undefined;
    } catch (error) {
      this.broken = /** @type {Error} */ (error);
      this.askedAt = 0;
    }
    this.changed.fire();
  }

  /**
   * A script that has not changed here keeps what TradingView said of it last.
   * @param {Line[]} here
   * @param {import('./command').Answer | Error | undefined} both
   */
  take(here, both) {
    if (both instanceof Error) {
      this.trouble = both;
    } else if (both) {
      this.trouble = undefined;
      this.account = both.account;
      this.asked = { here: byPath(here), both: byPath(both.lines) };
    }
    const { here: before, both: known } = this.asked;
    const same = (/** @type {Line} */ line) =>
      JSON.stringify(line) === JSON.stringify(before.get(line.path));
    const now = here.map((line) => (same(line) && known.get(line.path)) || line);
    const local = byPath(here);
    const elsewhere = [...known.values()].filter(
      (line) => !local.has(line.path) && !before.has(line.path)
    );
    this.lines = [...now, ...elsewhere].sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  get signedOut() {
    return this.trouble instanceof Failed && this.trouble.exitCode === 5;
  }

  dispose() {
    clearTimeout(this.timer);
    this.changed.dispose();
  }
}

/**
 * @param {Line[]} lines
 * @returns {Map<string, Line>}
 */
function byPath(lines) {
  return new Map(lines.map((line) => [line.path, line]));
}

module.exports = { Workspace };

'use strict';
/** Findings in the Problems view: as you type, as you save, and from push and watch. */

const vscode = require('vscode');
const { plain } = require('./plain');

const PAUSE = 400;
const ERRORS = vscode.Uri.parse('https://www.tradingview.com/pine-script-docs/error-messages/');

/** Findings of pinesync's own about characters that are not seen. */
const UNSEEN = /^PS00[1-3]$/;

/** @typedef {import('./workspace').Workspace} Workspace */

/**
 * A diagnostic of `pinesync check --json`: lines and columns from 1, the end inside, columns in
 * characters.
 * @typedef {{
 *   severity: string, line: number, column: number, end_line: number, end_column: number,
 *   message: string, code: string
 * }} Finding
 */

/** @typedef {{path: string, diagnostics: Finding[], source: string, problem?: string}} Checked */

class Problems {
  /**
   * @param {import('./command').Command} command
   * @param {import('./workspaces').Workspaces} workspaces
   * @param {vscode.Uri} page the page about characters that are not seen
   */
  constructor(command, workspaces, page) {
    this.command = command;
    this.workspaces = workspaces;
    this.page = page;
    this.shown = vscode.languages.createDiagnosticCollection('pinesync');
    /** The compiler's findings, and the text that they are about. @type {Map<string, Checked>} */
    this.compiled = new Map();
    /** @type {Map<string, NodeJS.Timeout>} */
    this.timers = new Map();
    /** @type {vscode.EventEmitter<void>} */
    this.changed = new vscode.EventEmitter();
    this.onDidChangeInlayHints = this.changed.event;
    this.disposables = [
      this.shown,
      vscode.workspace.onDidOpenTextDocument((document) => this.typed(document, 0)),
      vscode.workspace.onDidChangeTextDocument(({ document }) => this.typed(document, PAUSE)),
      vscode.workspace.onDidSaveTextDocument((document) => void this.compile(document)),
      vscode.workspace.onDidCloseTextDocument((document) => this.forget(document)),
      vscode.languages.registerInlayHintsProvider({ language: 'pine' }, this),
    ];
    vscode.workspace.textDocuments.forEach((document) => this.typed(document, 0));
  }

  /**
   * Check the syntax when no key was pressed for a moment. No request is sent.
   * @param {vscode.TextDocument} document
   * @param {number} pause
   */
  typed(document, pause) {
    if (!isScript(document)) {
      return;
    }
    const key = document.uri.toString();
    clearTimeout(this.timers.get(key));
    this.timers.set(key, setTimeout(() => void this.check(document), pause));
  }

  /** @param {vscode.TextDocument} document */
  async check(document) {
    const { version } = document;
    const input = document.getText();
    const checked = await this.checked(['--offline', '-'], document, input);
    if (checked && document.version === version && !document.isClosed) {
      this.show(document.uri, checked, document);
    }
  }

  /** Ask the compiler about a saved file. @param {vscode.TextDocument} document */
  async compile(document) {
    const setting = vscode.workspace.getConfiguration('pinesync', document.uri);
    if (!isScript(document) || document.uri.scheme !== 'file' || !setting.get('compileOnSave', true)) {
      return;
    }
    const input = document.getText();
    const checked = await this.checked(['-'], document, input);
    if (checked && document.getText() === input) {
      this.compiled.set(document.uri.toString(), checked);
      this.show(document.uri, checked, document);
    }
  }

  /**
   * @param {string[]} how
   * @param {vscode.TextDocument} document
   * @param {string} input
   * @returns {Promise<Checked | undefined>}
   */
  async checked(how, document, input) {
    const folder = this.workspaces.of(document.uri)?.folder;
    try {
      const words = ['check', '--name', 'script.pine', ...how];
      const answer = await this.command.run(words, { cwd: folder, input });
      return answer.files?.[0];
    } catch {
      return undefined; // The status bar says that there is no command.
    }
  }

  /**
   * The findings of `pinesync check` for a whole workspace.
   * @param {Workspace} workspace
   * @param {Checked[]} files
   */
  ofCheck(workspace, files) {
    files.forEach((file) => this.compiledThere(workspace, file));
    const all = files.flatMap((file) => file.diagnostics);
    const problems = files.filter((file) => file.problem).length;
    const errors = problems + all.filter((one) => one.severity === 'error').length;
    return { errors, warnings: all.length + problems - errors };
  }

  /**
   * The findings of a push, or of a save that watch pushed.
   * @param {Workspace} workspace
   * @param {import('./messages').Outcome[]} outcomes
   */
  ofRun(workspace, outcomes) {
    outcomes.filter((one) => one.diagnostics.length).forEach((one) => this.compiledThere(workspace, one));
  }

  /**
   * @param {Workspace} workspace
   * @param {Checked} checked
   */
  compiledThere(workspace, checked) {
    const uri = workspace.uri(checked.path);
    this.compiled.set(uri.toString(), checked);
    this.show(uri, checked);
  }

  /**
   * Show the findings. A finding of the compiler stays while its line is as it was.
   * @param {vscode.Uri} uri
   * @param {Checked} checked
   * @param {vscode.TextDocument} [document]
   */
  show(uri, checked, document) {
    const compiled = this.compiled.get(uri.toString());
    const kept = compiled && document ? stillTrue(compiled, document) : [];
    const same = (/** @type {Finding} */ a) => (/** @type {Finding} */ b) =>
      a.line === b.line && a.code === b.code && a.message === b.message;
    const found = checked.diagnostics.concat(
      kept.filter((one) => !checked.diagnostics.some(same(one)))
    );
    const lines = (document?.getText() ?? checked.source).split(/\r\n|\r|\n/);
    const shown = found.map((one) => this.diagnostic(one, lines));
    if (checked.problem) {
      shown.push(new vscode.Diagnostic(new vscode.Range(0, 0, 0, 0), plain(checked.problem)));
    }
    this.shown.set(uri, shown);
    this.changed.fire();
  }

  /**
   * @param {Finding} finding
   * @param {string[]} lines
   */
  diagnostic(finding, lines) {
    const start = position(finding.line, finding.column - 1, lines);
    const end = position(finding.end_line, finding.end_column, lines);
    const shown = new vscode.Diagnostic(
      new vscode.Range(start, end),
      plain(finding.message),
      finding.severity === 'error' ? vscode.DiagnosticSeverity.Error : vscode.DiagnosticSeverity.Warning
    );
    shown.source = 'pinesync';
    if (finding.code) {
      const target = UNSEEN.test(finding.code) ? this.page : ERRORS;
      const own = finding.code.startsWith('PS') && !UNSEEN.test(finding.code);
      shown.code = own ? finding.code : { value: finding.code, target };
    }
    return shown;
  }

  /**
   * Characters that are not seen, by their numbers.
   * @param {vscode.TextDocument} document
   * @param {vscode.Range} range
   */
  provideInlayHints(document, range) {
    const found = (this.shown.get(document.uri) ?? []).filter(
      (one) => UNSEEN.test(codeOf(one)) && range.intersection(one.range)
    );
    return found.map((one) => {
      const numbers = [...document.getText(one.range)].map(
        (char) => `U+${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`
      );
      const hint = new vscode.InlayHint(one.range.end, numbers.join(' '));
      hint.tooltip = one.message;
      return hint;
    });
  }

  /** @param {vscode.TextDocument} document */
  forget(document) {
    const key = document.uri.toString();
    clearTimeout(this.timers.get(key));
    this.timers.delete(key);
    this.compiled.delete(key);
    this.shown.delete(document.uri);
  }

  dispose() {
    this.timers.forEach((timer) => clearTimeout(timer));
    this.disposables.forEach((one) => one.dispose());
  }
}

/** @param {vscode.TextDocument} document */
function isScript(document) {
  return document.languageId === 'pine' && ['file', 'untitled'].includes(document.uri.scheme);
}

/** @param {vscode.Diagnostic} diagnostic */
function codeOf(diagnostic) {
  const { code } = diagnostic;
  return String(typeof code === 'object' ? code.value : (code ?? ''));
}

/**
 * The compiler's findings whose lines the editor still has.
 * @param {Checked} checked
 * @param {vscode.TextDocument} document
 */
function stillTrue(checked, document) {
  const lines = checked.source.split('\n');
  return checked.diagnostics.filter(
    ({ line }) => line <= document.lineCount && document.lineAt(line - 1).text === lines[line - 1]
  );
}

/**
 * @param {number} line from 1
 * @param {number} characters before it in the line; more than it has mean its end
 * @param {string[]} lines
 */
function position(line, characters, lines) {
  const at = Math.min(Math.max(line, 1), lines.length);
  const before = [...lines[at - 1]].slice(0, at === line ? Math.max(characters, 0) : undefined);
  return new vscode.Position(at - 1, before.join('').length);
}

module.exports = { Problems };

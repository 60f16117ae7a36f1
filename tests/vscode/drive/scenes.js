'use strict';
/** What the extension promises, seen in the editor: each scene goes on from the one before. */

const fs = require('node:fs');
const path = require('node:path');
const { execFileSync } = require('node:child_process');
const { expect } = require('./editor');

/** @typedef {import('./editor').Editor} Editor */

const FILTER = 'Range Filter.pine';
const FILTER_PATH = `indicators/${FILTER}`;
const MARKUP = '[x](command_workbench.action.quit) $(flame) b.pine';

/** Another machine of the same person saves on TradingView. @param {Editor} editor @param {string} line */
function saveElsewhere(editor, line) {
  const other = path.join(editor.place, 'elsewhere');
  fs.rmSync(other, { recursive: true, force: true });
  editor.pinesync(['clone', '--sandbox', other], editor.place);
  fs.appendFileSync(path.join(other, FILTER_PATH), `${line}\n`);
  editor.pinesync(['push'], other);
}

/** @param {Editor} editor */
function text(editor) {
  return fs.readFileSync(path.join(editor.folder, FILTER_PATH), 'utf8');
}

/** @param {Editor} editor @param {string} version */
function hasVersion(editor, version) {
  const { saves } = JSON.parse(editor.pinesync(['log', '--json', FILTER_PATH]));
  expect(saves[0].version === version, `the newest is ${saves[0].version}, not ${version}`);
}

/** @param {Editor} editor @param {string} subject */
function commit(editor, subject) {
  const who = ['-c', 'user.name=T', '-c', 'user.email=t@example.invalid'];
  execFileSync('git', ['add', '-A'], { cwd: editor.folder });
  execFileSync('git', [...who, 'commit', '--allow-empty', '-qm', subject], { cwd: editor.folder });
}

/** @type {Record<string, (editor: Editor) => Promise<void>>} */
const SCENES = {
  async clone(editor) {
    editor.pinesync(['vscode', 'install', '--code', 'code-server'], editor.place);
    editor.pinesync(['sandbox', 'seed'], editor.place);
    editor.pinesync(['clone', '--sandbox', editor.folder], editor.place);
    execFileSync('git', ['init', '-q'], { cwd: editor.folder });
    commit(editor, 'Clone');
    await editor.open();
    await editor.showView();
    await editor.foldGraph();
    await editor.sees('TradingView');
    await editor.statusSays('sandbox');
  },

  async edit(editor) {
    await editor.openFile(FILTER_PATH);
    await editor.type('plot(close, "Mine")');
    await editor.showView();
    await editor.lists('To push', FILTER);
    await editor.page.locator('.dirty-diff-glyph, .dirty-diff-added').first().waitFor();
    await editor.statusSays('sandbox');
    await editor.row(FILTER).click();
    await editor.page.locator('.monaco-diff-editor .line-insert').first().waitFor();
    await editor.shot('edit');
  },

  async menu(editor) {
    const other = 'Session Levels.pine';
    await editor.showView();
    await editor.lists('To push', FILTER);
    await editor.row(FILTER).click({ button: 'right' });
    await editor.page.locator('.monaco-menu').waitFor();
    fs.appendFileSync(path.join(editor.folder, 'indicators', other), '// later\n');
    await editor.lists('To push', other);
    await editor.page.locator('.monaco-menu .action-label', { hasText: 'Discard' }).click();
    await editor.answer('Discard');
    await editor.lists(undefined, FILTER);
    await editor.lists('To push', other);
    editor.pinesync(['restore', `indicators/${other}`]);
    fs.appendFileSync(path.join(editor.folder, FILTER_PATH), 'plot(close, "Mine")\n');
  },

  async error(editor) {
    await editor.openFile(FILTER_PATH);
    await editor.type('plot(clsoe)');
    await editor.run('Problems: Focus on Problems View');
    await editor.sees('Undeclared identifier "clsoe"');
    await editor.sees('CE10272');
    await editor.shot('error');
    await editor.openFile(FILTER_PATH);
    await editor.page.keyboard.press('Control+End');
    await editor.page.keyboard.press('Shift+Home');
    await editor.page.keyboard.press('Backspace');
    await editor.page.keyboard.insertText('plot(open))');
    await editor.sees('")" closes nothing');
    await editor.page.keyboard.press('Shift+Home');
    await editor.page.keyboard.insertText('// \u200bhidden');
    await editor.sees('U+200B');
    await editor.page.keyboard.press('Shift+Home');
    await editor.page.keyboard.press('Backspace');
    await editor.page.keyboard.press('Backspace');
    await editor.save();
    await editor.page.keyboard.press('Control+j');
  },

  async push(editor) {
    await editor.showView();
    await editor.lists('To push', FILTER);
    await editor.press(FILTER, 'Push');
    await editor.lists(undefined, FILTER);
    hasVersion(editor, '3.0');
  },

  async pull(editor) {
    saveElsewhere(editor, '// theirs');
    await editor.run('Pinesync: Refresh');
    await editor.lists('To pull', FILTER);
    await editor.shot('pull');
    await editor.openFile(FILTER_PATH);
    await editor.run('Pinesync: Diff with Newest');
    await editor.sees('(newest 4.0 ↔ file)');
    await editor.openFile(FILTER_PATH);
    await editor.press(FILTER, 'Pull');
    await editor.lists(undefined, FILTER);
    await editor.page.locator('.view-line', { hasText: '// theirs' }).waitFor();
    expect(text(editor).endsWith('// theirs\n'), 'the file has not what was pulled');
  },

  async conflict(editor) {
    saveElsewhere(editor, '// they say so');
    fs.appendFileSync(path.join(editor.folder, FILTER_PATH), '// we say so\n');
    await editor.run('Pinesync: Refresh');
    await editor.lists('To pull', FILTER);
    await editor.run('Pinesync: Pull');
    await editor.lists('Conflicts', FILTER);
    await editor.shot('conflict');
    await editor.choose(FILTER, "Resolve with TradingView's Text");
    await editor.lists(undefined, FILTER);
    expect(text(editor).endsWith('// they say so\n'), 'the file has not their text');
  },

  async discard(editor) {
    fs.appendFileSync(path.join(editor.folder, FILTER_PATH), '// a whim\n');
    await editor.lists('To push', FILTER);
    await editor.press(FILTER, 'Discard Changes');
    await editor.answer('Discard');
    await editor.lists(undefined, FILTER);
    expect(!text(editor).includes('whim'), 'the edit is still there');
  },

  async versions(editor) {
    await editor.openFile(FILTER_PATH);
    await editor.run('Pinesync: Versions of This File');
    const row = (/** @type {string} */ name) =>
      editor.page.locator('.quick-input-list .monaco-list-row', { hasText: name }).first();
    await row('Version 5.0').waitFor();
    await editor.shot('versions-list');
    await row('Version 2.0').click();
    await row('The file').waitFor();
    await row('Version 5.0').click();
    await editor.sees('(2.0 ↔ 5.0)');
    await editor.page.locator('.monaco-diff-editor .line-insert').first().waitFor();
    await editor.shot('versions');
    await editor.openFile(FILTER_PATH);
    await editor.run('Pinesync: Versions of This File');
    await row('Version 2.0').hover();
    await row('Version 2.0').locator('.action-label[aria-label*="Restore"]').click();
    await editor.answer('Restore');
    await editor.showView();
    await editor.lists('To push', FILTER);
    expect(!text(editor).includes('they say so'), 'the file has not the version');
    editor.pinesync(['restore', FILTER_PATH]);
    await editor.lists(undefined, FILTER);
  },

  async watch(editor) {
    await editor.run('Pinesync: Start Watching');
    await editor.statusSays('watching');
    await editor.openFile(FILTER_PATH);
    await editor.type('// watched');
    await editor.statusSays(`${FILTER} saved 6.0`);
    await editor.shot('watch');
    await editor.type('plot(clsoe)');
    await editor.statusSays('does not compile');
    await editor.run('Pinesync: Stop Watching');
    await editor.statusSays(/^\s*Watch$/);
    editor.pinesync(['restore', FILTER_PATH]);
    hasVersion(editor, '6.0');
  },

  async markup(editor) {
    fs.writeFileSync(path.join(editor.folder, MARKUP), '//@version=6\nindicator("b")\nplot(close)\n');
    await editor.showView();
    await editor.lists('Not listed', MARKUP);
    await editor.press(MARKUP, 'List for the Next Push');
    await editor.lists('To push', MARKUP);
    await editor.row(MARKUP).hover();
    await editor.shot('markup');
    await editor.press(MARKUP, 'Push');
    await editor.lists(undefined, MARKUP);
    expect((await editor.page.locator('a[href^="command:"]', { hasText: 'x' }).count()) === 0, 'a link');
  },

  async picture(editor) {
    commit(editor, 'Work');
    saveElsewhere(editor, '// theirs again');
    const append = (/** @type {string} */ name, /** @type {string} */ line) =>
      fs.appendFileSync(path.join(editor.folder, name), `${line}\n`);
    append('indicators/RSI Divergence.pine', 'plot(ta.ema(close, 21), "Trend", color.teal)');
    append('indicators/Session Levels.pine', 'plot(hl2)');
    append('ideas.pine', '//@version=6\nindicator("Ideas")\nplot(close)');
    await editor.run('Pinesync: Refresh');
    await editor.lists('To pull', FILTER);
    await editor.page.setViewportSize({ width: 1000, height: 560 });
    await editor.openFile('indicators/RSI Divergence.pine');
    await editor.page.keyboard.press('Control+End');
    await editor.page.locator('.dirty-diff-glyph, .dirty-diff-added').first().waitFor();
    await editor.showView();
    await editor.lists('To push', 'Session Levels.pine');
    await editor.run('Notifications: Clear All Notifications');
    await editor.hint('RSI Divergence.pine', 'run pinesync push to save 1 script');
    await editor.shot('view');
    await editor.page.setViewportSize({ width: 1180, height: 720 });
  },

  async missing(editor) {
    await editor.close();
    const bin = path.join(editor.place, 'later');
    const command = (/** @type {string} */ line) =>
      fs.writeFileSync(path.join(bin, 'pinesync'), `#!/bin/sh\n${line}\n`, { mode: 0o755 });
    fs.mkdirSync(bin);
    await editor.open({ path: `/usr/bin:/bin:${bin}` });
    await editor.statusSays('pinesync not found');
    await editor.sees('The pinesync command was not found.');
    await editor.page.locator('.notification-toast .monaco-button', { hasText: 'How to Install' }).click();
    await editor.page.locator('.tab', { hasText: 'install.md' }).waitFor();
    await editor.shot('missing');
    command('echo pinesync 0.0.1');
    await editor.run('Pinesync: Refresh');
    await editor.sees('is pinesync 0.0.1. This extension needs');
    command(`exec '${process.env.PINESYNC}' "$@"`);
    await editor.run('Pinesync: Refresh');
    await editor.statusSays('sandbox');
  },

  async untrusted(editor) {
    await editor.close();
    const planted = path.join(editor.folder, '.venv', 'bin');
    fs.mkdirSync(planted, { recursive: true });
    const trace = path.join(editor.place, 'pwned');
    fs.writeFileSync(path.join(planted, 'pinesync'), `#!/bin/sh\ntouch '${trace}'\n`, { mode: 0o755 });
    await editor.open({ path: '/usr/bin:/bin', trust: false });
    await editor.openFile(FILTER_PATH);
    await editor.page.locator('.view-line span.mtk6, .view-line span.mtk4').first().waitFor();
    await editor.page.keyboard.press('F1');
    await editor.page.locator('.quick-input-widget input').first().fill('>Pinesync');
    await editor.page.locator('.quick-input-list').getByText('No matching').first().waitFor();
    await editor.shot('untrusted');
    await editor.page.keyboard.press('Escape');
    expect(!fs.existsSync(trace), 'something of the workspace was run');
  },

  async first(editor) {
    await editor.close();
    const empty = path.join(editor.place, 'empty');
    const folder = path.join(editor.place, 'my first');
    fs.mkdirSync(empty);
    await editor.open({ folder: empty });
    await editor.runAndPick('Welcome: Open Walkthrough...', 'Get Started with Pinesync');
    await editor.sees('Try it without an account');
    await editor.shot('walkthrough');
    await editor.run('Pinesync: Sign In');
    await editor.page.locator('.terminal-wrapper').first().waitFor();
    await editor.shot('sign-in');
    await editor.run('Terminal: Kill the Active Terminal Instance');
    await editor.run('Pinesync: Try the Sandbox');
    await editor.sees('A new folder for the scripts');
    await editor.page.locator('.quick-input-widget input').first().fill(folder);
    await editor.page.keyboard.press('Enter');
    await editor.page.locator('.notification-toast .monaco-button', { hasText: 'Open Folder' }).click();
    await editor.page.waitForURL(/my%20first|my\+first|my first/);
    await editor.statusSays('sandbox');
    expect(fs.existsSync(path.join(folder, 'pine.toml')), 'there is no clone');
  },
};

module.exports = { SCENES };

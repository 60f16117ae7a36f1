'use strict';
/** code-server with the extension, and the person in front of it. */

const { spawn, execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { chromium } = require('playwright-core');

const PATIENCE = 30_000;

class Editor {
  /** @param {string} place a folder for everything that is made */
  constructor(place) {
    this.place = place;
    this.folder = path.join(place, 'pine');
    this.shots = process.env.SHOTS ?? place;
    fs.mkdirSync(this.shots, { recursive: true });
    this.bin = path.join(place, 'bin');
    fs.mkdirSync(this.bin, { recursive: true });
    const held = ['user', 'extensions'].map((name) => path.join(place, name));
    const line = `exec '${process.execPath}' '${process.env.CODE_SERVER}' --user-data-dir '${held[0]}' --extensions-dir '${held[1]}' "$@"`;
    fs.writeFileSync(path.join(this.bin, 'code-server'), `#!/bin/sh\n${line}\n`, { mode: 0o755 });
    fs.mkdirSync(path.join(held[0], 'User'), { recursive: true });
    const settings = {
      'workbench.startupEditor': 'none',
      'security.workspace.trust.startupPrompt': 'never',
      'security.workspace.trust.banner': 'never',
      'workbench.colorTheme': 'Default Dark Modern',
      'window.menuBarVisibility': 'compact',
      'workbench.tips.enabled': false,
      'chat.disableAIFeatures': true,
      'workbench.secondarySideBar.defaultVisibility': 'hidden',
      'scm.graph.visible': false,
      'editor.minimap.enabled': false,
      'scm.alwaysShowRepositories': true,
      'git.openRepositoryInParentFolders': 'never',
    };
    fs.writeFileSync(path.join(held[0], 'User', 'settings.json'), JSON.stringify(settings));
  }

  /**
   * Run pinesync in a folder, as another person or another machine would.
   * @param {string[]} words
   * @param {string} [cwd]
   */
  pinesync(words, cwd = this.folder) {
    const PATH = `${this.bin}:${process.env.PATH}`;
    return execFileSync(process.env.PINESYNC ?? '', words, {
      cwd,
      env: { ...process.env, PATH },
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  /**
   * Start the server and open the folder in the browser.
   * @param {{path?: string, trust?: boolean, folder?: string}} [options]
   */
  async open({ path: searched, trust = true, folder = this.folder } = {}) {
    const PATH = searched ?? `${path.dirname(process.env.PINESYNC ?? '')}:${process.env.PATH}`;
    // The server takes its environment from the login shell, as on a person's machine.
    fs.writeFileSync(path.join(this.place, '.profile'), `export PATH='${PATH}'\n`);
    const words = ['--auth', 'none', '--bind-addr', '127.0.0.1:0', '--disable-telemetry'];
    words.push('--disable-update-check', ...(trust ? ['--disable-workspace-trust'] : []));
    this.server = spawn(path.join(this.bin, 'code-server'), words, {
      env: {
        ...process.env,
        PATH,
        EXTENSIONS_GALLERY: JSON.stringify({ serviceUrl: 'http://127.0.0.1:9' }),
      },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const address = await this.address(this.server);
    this.browser = await chromium.launch({
      executablePath: process.env.CHROMIUM,
      args: ['--no-sandbox', '--disable-gpu'],
    });
    const page = await this.browser.newPage({ viewport: { width: 1180, height: 720 } });
    page.setDefaultTimeout(PATIENCE);
    this.page = page;
    await page.goto(`${address}/?folder=${encodeURIComponent(folder)}`);
    await page.locator('.monaco-workbench .part.statusbar').waitFor();
  }

  /** @param {import('node:child_process').ChildProcess} server */
  address(server) {
    return new Promise((resolve, reject) => {
      let said = '';
      const hear = (/** @type {Buffer} */ data) => {
        said += data;
        const found = /HTTP server listening on (http:\S+?)\/?\s/.exec(said);
        if (found) {
          resolve(found[1]);
        }
      };
      server.stdout?.on('data', hear);
      server.stderr?.on('data', hear);
      server.on('exit', () => reject(new Error(`code-server ended:\n${said}`)));
    });
  }

  async close() {
    await this.browser?.close();
    if (this.server?.pid) {
      const ended = new Promise((resolve) => this.server?.on('exit', resolve));
      process.kill(-this.server.pid, 'SIGTERM');
      await ended;
    }
    this.browser = this.server = undefined;
  }

  // -- what a person does ------------------------------------------------------------------------

  /** @param {string} command as in the palette */
  async run(command) {
    const input = this.page.locator('.quick-input-widget input').first();
    const typed = () => input.fill(`>${command}`, { timeout: PATIENCE / 10 }).then(() => true, () => false);
    // A page that opens at this moment takes the focus, and the palette closes.
    for (let tries = 0; tries < 10; tries += 1) {
      await this.page.keyboard.press('F1');
      if (await typed()) {
        break;
      }
    }
    await this.page.locator('.quick-input-list .monaco-list-row', { hasText: command }).first().waitFor();
    await this.page.keyboard.press('Enter');
  }

  /** Run a command that offers a list, which lacks what was not loaded when it opened. */
  async runAndPick(/** @type {string} */ command, /** @type {string} */ item) {
    const offered = this.page.locator('.quick-input-list').getByText(item).first();
    for (let tries = 0; tries < 10; tries += 1) {
      await this.run(command);
      if (await offered.click({ timeout: PATIENCE / 10 }).then(() => true, () => false)) {
        return;
      }
      await this.page.keyboard.press('Escape');
    }
    throw new Error(`${command} does not offer ${item}`);
  }

  /** @param {string} name */
  async openFile(name) {
    // Else quick open would go back to a diff of the file.
    await this.run('View: Close All Editors');
    await this.page.keyboard.press('Control+p');
    const input = this.page.locator('.quick-input-widget input').first();
    await input.waitFor();
    await input.fill(name);
    const base = path.basename(name);
    await this.page.locator('.quick-input-list .monaco-list-row', { hasText: base }).first().waitFor();
    await this.page.keyboard.press('Enter');
    await this.page.locator('.tab.active', { hasText: base }).filter({ hasNotText: '↔' }).waitFor();
    await this.page.locator('.editor-instance .view-line').first().waitFor();
  }

  /** Append a line to the file in the editor, and save it. @param {string} line */
  async type(line) {
    await this.page.keyboard.press('Control+End');
    await this.page.keyboard.insertText(`\n${line}`);
    await this.save();
  }

  async save() {
    await this.page.keyboard.press('Control+s');
    await this.page.locator('.tab.active:not(.dirty)').waitFor();
    // The extension is told a moment later.
    await this.page.waitForTimeout(500);
  }

  /** @param {string} name @param {string} button */
  async press(name, button) {
    const row = this.row(name);
    await row.hover();
    await row.locator(`.action-label[aria-label*="${button}"]`).first().click();
  }

  /** Choose from the menu of a row. @param {string} name @param {string} item */
  async choose(name, item) {
    await this.row(name).click({ button: 'right' });
    const menu = this.page.locator('.monaco-menu');
    const chosen = menu.locator('.action-label', { hasText: item });
    // For a moment after it opens, a menu takes no click.
    for (let tries = 0; tries < 10; tries += 1) {
      await chosen.click({ timeout: PATIENCE / 10 }).catch(() => undefined);
      if (await menu.waitFor({ state: 'hidden', timeout: 1000 }).then(() => true, () => false)) {
        return;
      }
    }
    throw new Error(`the menu of ${name} stays open`);
  }

  /** @param {string} button of a dialog */
  async answer(button) {
    await this.page.locator('.monaco-dialog-box .monaco-button', { hasText: button }).first().click();
  }

  // -- what a person sees ------------------------------------------------------------------------

  async showView() {
    await this.page.keyboard.press('Control+Shift+g');
    await this.page.locator('.scm-view').first().waitFor();
  }

  /** Leave the room to the scripts: a row that is not drawn is not found. */
  async foldGraph() {
    const graph = this.page.locator('.pane-header[aria-label^="Graph"]');
    for (let tries = 0; tries < 10 && (await graph.getAttribute('aria-expanded')) === 'true'; tries += 1) {
      await graph.click({ position: { x: 8, y: 8 } });
      await this.page.waitForTimeout(500);
    }
  }

  /** A row of the view; the one of TradingView, which comes after git's. @param {string} text */
  row(text) {
    return this.page.locator('.scm-view .monaco-list-row', { hasText: text }).last();
  }

  /** @param {string | RegExp} text */
  async sees(text) {
    await this.page.getByText(text).first().waitFor();
  }

  /** Hover over a row until its tooltip has the text: one that is drawn anew meanwhile shows none. */
  async hint(/** @type {string} */ name, /** @type {string} */ text) {
    const tooltip = this.page.getByText(text).first();
    for (let tries = 0; tries < 10; tries += 1) {
      await this.row(name).hover();
      if (await tooltip.waitFor({ timeout: PATIENCE / 10 }).then(() => true, () => false)) {
        return;
      }
      await this.page.mouse.move(0, 0);
    }
    throw new Error(`the tooltip of ${name} has no "${text}"`);
  }

  /** Wait until the status bar says this. @param {string | RegExp} text */
  async statusSays(text) {
    await this.page.locator('.part.statusbar .statusbar-item', { hasText: text }).first().waitFor();
  }

  /** Wait until the group has the script; no group: until the view does not. */
  async lists(/** @type {string | undefined} */ group, /** @type {string} */ name) {
    const rows = this.page.locator('.scm-view .monaco-list-row');
    const ends = Date.now() + PATIENCE;
    let texts = [''];
    while (Date.now() < ends) {
      texts = (await rows.allInnerTexts()).map((one) => one.replace(/\s+/g, ' '));
      texts = texts.slice(texts.findIndex((one) => one.includes('TradingView')));
      const at = texts.findIndex((one) => one.includes(name));
      const heads = ['Conflicts', 'To push', 'To pull', 'Not listed'];
      const head = texts.slice(0, Math.max(at, 0)).filter((one) => heads.some((h) => one.startsWith(h))).pop();
      if (group ? at >= 0 && head?.startsWith(group) : at < 0) {
        return;
      }
      await this.page.waitForTimeout(200);
    }
    throw new Error(`${name} is not in ${group}: the view has ${JSON.stringify(texts)}`);
  }

  /** @param {string} name */
  async shot(name) {
    await this.page.screenshot({ path: path.join(this.shots, `${name}.png`) });
  }
}

/** @param {boolean} is @param {string} what */
function expect(is, what) {
  if (!is) {
    throw new Error(what);
  }
}

module.exports = { Editor, expect };

'use strict';
/** The saved versions of a file: any two side by side, and restore one. */

const vscode = require('vscode');
const { diff } = require('./actions');
const { showError } = require('./messages');
const { plain } = require('./plain');
const { script } = require('./targets');
const { versionUri } = require('./texts');

/** @typedef {import('./view').Script} Script */

/**
 * A save of `pinesync log --json`.
 * @typedef {{
 *   version: string, when: number, added: number | null, removed: number | null, by: string,
 *   commit: string | null, base: boolean
 * }} Save
 */

/** @typedef {vscode.QuickPickItem & {save?: Save}} Item */

/** @type {vscode.QuickInputButton} */
const RESTORE = { iconPath: new vscode.ThemeIcon('discard'), tooltip: 'Restore this version' };

/**
 * Date, whose and commit.
 * @param {Save} save
 * @returns {Item}
 */
function item(save) {
  const date = save.when ? new Date(save.when * 1000).toLocaleString() : 'at an unknown time';
  const lines = save.added === null ? '' : `+${save.added} −${save.removed}`;
  const commit = save.commit ? `commit ${save.commit.slice(0, 9)}` : '';
  const base = save.base ? 'the file is based on it' : '';
  return {
    label: `Version ${save.version}`,
    description: `${date} · ${save.by === 'pinesync' ? 'pushed from this machine' : 'saved elsewhere'}`,
    detail: [lines, commit, base].filter(Boolean).join(' · '),
    buttons: [RESTORE],
    save,
  };
}

/**
 * Let the user choose one item; undefined if they chose none, or pressed its button instead.
 * @param {string} title
 * @param {string} placeholder
 * @param {Item[]} items
 * @param {(save: Save) => void} restore
 * @returns {Promise<Item | undefined>}
 */
function choose(title, placeholder, items, restore) {
  return new Promise((resolve) => {
    /** @type {vscode.QuickPick<Item>} */
    const pick = vscode.window.createQuickPick();
    pick.title = plain(title);
    pick.placeholder = placeholder;
    pick.items = items;
    pick.matchOnDescription = true;
    pick.matchOnDetail = true;
    pick.onDidAccept(() => {
      resolve(pick.selectedItems[0]);
      pick.hide();
    });
    pick.onDidTriggerItemButton(({ item: { save } }) => {
      pick.hide();
      if (save) {
        restore(save);
      }
    });
    pick.onDidHide(() => {
      resolve(undefined);
      pick.dispose();
    });
    pick.show();
  });
}

/**
 * @param {import('./workspaces').Workspaces} workspaces
 * @param {import('./actions').Actions} actions
 * @param {any[]} args
 */
async function showVersions(workspaces, actions, args) {
  const chosen = script(workspaces, args);
  const id = chosen?.line.pine_id;
  if (!chosen || !id) {
    void vscode.window.showInformationMessage('This file is not saved on TradingView yet.');
    return;
  }
  const { workspace, line } = chosen;
  const of = (/** @type {string} */ version) => versionUri(workspace, line.path, id, version);
  const restore = (/** @type {Save} */ save) => void restoreVersion(chosen, save, actions);
  try {
    const { saves } = await workspace.command.ask(['log', '--', id], { cwd: workspace.folder });
    /** @type {Item[]} */
    const items = saves.map(item);
    const title = `Versions of ${line.path}`;
    const first = await choose(title, 'Choose a version to compare', items, restore);
    if (!first?.save) {
      return;
    }
    const { version } = first.save;
    /** @type {Item} */
    const file = { label: 'The file', description: 'as it is in the editor' };
    const others = items.filter((other) => other !== first);
    const second = await choose(title, `Compare version ${version} with…`, [file, ...others], restore);
    if (second?.save) {
      const [old, next] = [version, second.save.version].sort((a, b) => parseFloat(a) - parseFloat(b));
      await diff(of(old), of(next), `${line.path} (${old} ↔ ${next})`);
    } else if (second) {
      await diff(of(version), chosen.resourceUri, `${line.path} (${version} ↔ file)`);
    }
  } catch (error) {
    await showError(error);
  }
}

/**
 * @param {Script} chosen
 * @param {Save} save
 * @param {import('./actions').Actions} actions
 */
async function restoreVersion({ workspace, line }, save, actions) {
  const choice = await vscode.window.showWarningMessage(
    plain(`Restore version ${save.version} of ${line.path}?`),
    { modal: true, detail: 'The text in the file is backed up. Nothing is saved on TradingView.' },
    'Restore'
  );
  if (choice === 'Restore') {
    const paths = [`${line.path}@${save.version}`];
    await actions.run({ workspace, paths }, 'Restore', [['restore']]);
  }
}

module.exports = { showVersions };

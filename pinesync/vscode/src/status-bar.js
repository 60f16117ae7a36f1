'use strict';
/** The account and the sums in the status bar. A click pulls, then pushes. */

const vscode = require('vscode');
const { NoCommand } = require('./command');
const { plain, counted } = require('./plain');
const { GROUPS, groupOf } = require('./words');

const SIGNS = { conflicts: '$(warning)', push: '$(arrow-up)', pull: '$(arrow-down)', unlisted: '$(question)' };

class StatusBar {
  /** @param {import('./workspaces').Workspaces} workspaces */
  constructor(workspaces) {
    this.workspaces = workspaces;
    this.item = vscode.window.createStatusBarItem('pinesync', vscode.StatusBarAlignment.Left, 10);
    this.item.name = 'Pinesync';
    const show = () => this.show();
    this.disposables = [
      this.item,
      workspaces.onDidAdd(show),
      workspaces.onDidChange(show),
      workspaces.onDidRemove(show),
      vscode.window.onDidChangeActiveTextEditor(show),
    ];
  }

  show() {
    const workspace = this.workspaces.active;
    if (!workspace) {
      this.item.hide();
      return;
    }
    const { broken, trouble, lines } = workspace;
    this.item.backgroundColor = undefined;
    this.item.command = 'pinesync.sync';
    if (broken instanceof NoCommand) {
      this.item.text = '$(error) pinesync not found';
      this.item.tooltip = plain(`${broken.message} Click to see how to install it.`);
      this.item.command = 'pinesync.install';
      this.item.backgroundColor = new vscode.ThemeColor('statusBarItem.errorBackground');
    } else if (workspace.signedOut) {
      this.item.text = '$(account) Sign in to TradingView';
      this.item.tooltip = plain(trouble?.message ?? '');
      this.item.command = 'pinesync.signIn';
    } else if (broken || !workspace.loaded) {
      this.item.text = broken ? '$(error) pinesync' : '$(sync~spin) pinesync';
      this.item.tooltip = broken ? plain(broken.message) : 'Looking at the scripts';
      this.item.command = 'pinesync.refresh';
    } else {
      const groups = /** @type {(keyof typeof GROUPS)[]} */ (Object.keys(GROUPS));
      const sums = groups.map((group) => ({
        group,
        sum: lines.filter((line) => groupOf(line) === group).length,
      }));
      const there = sums.filter(({ sum }) => sum);
      const shown = there.map(({ group, sum }) => `${SIGNS[group]}${sum}`).join(' ');
      const said = there.map(({ group, sum }) => `${GROUPS[group]}: ${sum}`).join('\n');
      const account = plain(workspace.account ?? workspace.remote);
      this.item.text = `$(${trouble ? 'cloud-download' : 'cloud'}) ${account} ${shown || '$(check)'}`;
      this.item.tooltip = [
        plain(`${workspace.title}: ${counted(lines.length, 'script')} of ${account}`),
        said || 'Nothing to pull or push',
        trouble ? plain(`TradingView was not asked: ${trouble.message}`) : '',
        'Click to pull, then push',
      ]
        .filter(Boolean)
        .join('\n');
    }
    this.item.show();
  }

  dispose() {
    this.disposables.forEach((one) => one.dispose());
  }
}

module.exports = { StatusBar };

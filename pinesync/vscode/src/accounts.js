'use strict';
/** Sign in, clone, and the sandbox. Cookies are typed into a terminal and never seen here. */

const os = require('node:os');
const path = require('node:path');
const vscode = require('vscode');
const { showError } = require('./messages');
const { plain } = require('./plain');

/**
 * Run `pinesync login` in a terminal, and look again when it ends.
 * @param {import('./workspaces').Workspaces} workspaces
 */
async function signIn(workspaces) {
  const { command } = workspaces;
  try {
    const terminal = vscode.window.createTerminal({
      name: 'pinesync login',
      shellPath: await command.path(),
      shellArgs: ['login'],
      cwd: workspaces.active?.folder ?? os.homedir(),
    });
    const closing = vscode.window.onDidCloseTerminal((closed) => {
      if (closed === terminal) {
        closing.dispose();
        workspaces.all.forEach((one) => void one.refresh({ force: true }));
      }
    });
    terminal.show();
  } catch (error) {
    await showError(error);
  }
}

/**
 * Clone into a new folder and open it.
 * @param {import('./command').Command} command
 * @param {{sandbox: boolean}} options
 */
async function clone(command, { sandbox }) {
  const home = os.homedir();
  const folder = await vscode.window.showInputBox({
    title: sandbox ? 'Try the Sandbox' : 'Clone Your Saved Scripts',
    prompt: 'A new folder for the scripts',
    value: path.join(home, sandbox ? 'pine-sandbox' : 'pine'),
    validateInput: (value) => (path.isAbsolute(value) ? undefined : 'Type the whole path.'),
  });
  if (!folder) {
    return;
  }
  const title = sandbox ? 'Making a sandbox' : 'Cloning your scripts';
  const options = { location: vscode.ProgressLocation.Notification, title, cancellable: true };
  try {
    await vscode.window.withProgress(options, async (_, token) => {
      if (sandbox) {
        await command.ask(['sandbox', 'seed'], { cwd: home, token });
      }
      const words = ['clone', ...(sandbox ? ['--sandbox'] : []), '--', folder];
      await command.ask(words, { cwd: home, token });
    });
  } catch (error) {
    await showError(error);
    return;
  }
  const open = 'Open Folder';
  const text = plain(`The scripts are in ${folder}.`);
  if (!vscode.workspace.workspaceFolders || (await vscode.window.showInformationMessage(text, open))) {
    await vscode.commands.executeCommand('vscode.openFolder', vscode.Uri.file(folder));
  }
}

module.exports = { signIn, clone };

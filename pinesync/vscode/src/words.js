'use strict';
/** How a script's line of status is shown: its group, colour, sign and tooltip. */

const vscode = require('vscode');
const { plain } = require('./plain');

/** @typedef {import('./workspace').Line} Line */
/** @typedef {'conflicts' | 'push' | 'pull' | 'unlisted'} Group */

/** @type {Record<Group, string>} */
const GROUPS = {
  conflicts: 'Conflicts',
  push: 'To push',
  pull: 'To pull',
  unlisted: 'Not listed',
};

/**
 * Commands of a next step. Any other, such as `resolve`, waits for a person's decision.
 * @type {Record<string, Group>}
 */
const GROUP_OF_STEP = {
  pull: 'pull',
  push: 'push',
  add: 'unlisted',
  'add --moved': 'unlisted',
  'mv --follow': 'pull',
};

/** Words whose file differs from its base, which `restore` brings back. */
const EDITED = ['modified', 'undoes', 'diverged', 'rolled-back', 'missing'];

/** The sign of each group, in one character that git's letters do not use. */
const SIGNS = { conflicts: '!', push: '↑', pull: '↓', unlisted: '?' };

/**
 * The group of a line; undefined if nothing waits.
 * @param {Line} line
 * @returns {Group | undefined}
 */
function groupOf(line) {
  if (line.next_step) {
    return GROUP_OF_STEP[line.next_step.command] ?? 'conflicts';
  }
  return line.role === 'person' ? 'conflicts' : undefined;
}

/**
 * The word, the versions and the next step, as plain text.
 * @param {Line} line
 */
function tooltip(line) {
  const versions = [line.version, line.newest].filter(Boolean).join(' → ');
  const step = line.next_step?.hint.replaceAll('`', '') ?? '';
  const parts = [`${line.word} ${versions}`.trim(), line.note, step];
  return parts.filter(Boolean).map(plain).join('\n');
}

/**
 * @param {Line} line
 * @returns {vscode.FileDecoration | undefined}
 */
function decoration(line) {
  const group = groupOf(line);
  if (!group) {
    return undefined;
  }
  const sign = line.role === 'both' ? '⇅' : SIGNS[group];
  const color = new vscode.ThemeColor(`pinesync.${line.role}`);
  return new vscode.FileDecoration(sign, tooltip(line).replaceAll('\n', ' · '), color);
}

/**
 * What the menus offer for the line, as words.
 * @param {Line} line
 */
function offers(line) {
  const group = groupOf(line);
  const step = line.next_step?.command;
  const found = {
    push: step === 'push',
    pull: step === 'pull' || line.word === 'undoes',
    add: step === 'add',
    resolve: step === 'resolve',
    discard: EDITED.includes(line.word) && line.version !== null,
    saved: line.pine_id !== null,
  };
  const names = Object.entries(found).filter(([, is]) => is);
  return [group, ...names.map(([name]) => name)].join(' ');
}

module.exports = { GROUPS, groupOf, tooltip, decoration, offers };

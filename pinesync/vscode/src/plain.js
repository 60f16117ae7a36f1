'use strict';
/**
 * Names and messages as plain text. They come from files and from TradingView, so nothing in them
 * may become markup: VS Code turns [words](address) of a message into a link, even to a command,
 * and $(name) of a label into an icon.
 */

/** All that pinesync's terminal output escapes, besides tab and line feed. */
const UNPRINTED = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

/**
 * @param {string} text
 * @returns {string}
 */
function plain(text) {
  return text
    .replace(UNPRINTED, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .replace(/\]\(/g, '] (')
    .replace(/\$\(/g, '$ (');
}

/**
 * @param {number} number
 * @param {string} noun
 * @returns {string}
 */
function counted(number, noun) {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

module.exports = { plain, counted };

'use strict';
/** Plays the scenes in order, each in what the last one left. Ends with 1 at the first failure. */

const { Editor } = require('./editor');
const { SCENES } = require('./scenes');

async function main() {
  const [place, ...wanted] = process.argv.slice(2);
  const editor = new Editor(place);
  let name = '';
  try {
    for (const [title, scene] of Object.entries(SCENES)) {
      if (!wanted.length || wanted.includes(title) || title === 'clone') {
        name = title;
        await scene(editor);
        process.stdout.write(`ok    ${title}\n`);
      }
    }
  } catch (error) {
    process.stdout.write(`FAILED ${name}: ${/** @type {Error} */ (error).stack}\n`);
    await editor.page?.screenshot({ path: `${editor.shots}/failed.png` }).catch(() => undefined);
    process.exitCode = 1;
  } finally {
    await editor.close();
  }
}

void main();

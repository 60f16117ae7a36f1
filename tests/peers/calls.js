// What the client from npm is asked to do: node calls.js COOKIE PINE_ID, with NODE_PATH set.
// Prints a JSON list of [call, "" or why it failed]. Nothing but loopback can be reached.
'use strict';

const dns = require('dns');

const real = dns.lookup;
dns.lookup = (host, ...more) => {
  if (host === '127.0.0.1' || host === 'localhost') return real(host, ...more);
  return more[more.length - 1](new Error(`asks ${host}`));
};

const tradingview = require('@mathieuc/tradingview');

const [cookie, pineId] = process.argv.slice(2);
const [session, signature] = cookie.split('; ').map((part) => part.slice(part.indexOf('=') + 1));

async function inputsOf(indicator) {
  const { inputs, plots } = await indicator;
  if (!Object.keys(inputs).includes('in_0')) throw new Error('no in_0');
  if (!Object.keys(plots).includes('plot_0')) throw new Error('no plot_0');
}

const calls = {
  getIndicator: () => inputsOf(tradingview.getIndicator('STD;SMA')),
  "getIndicator of one's own": () => inputsOf(
    tradingview.getIndicator(pineId, 'last', session, signature),
  ),
  getPrivateIndicators: async () => {
    const [first] = await tradingview.getPrivateIndicators(session, signature);
    if (!first.id.startsWith('USER;')) throw new Error(first.id);
  },
  searchIndicator: () => tradingview.searchIndicator('average'),
};

(async () => {
  const told = [];
  for (const [call, act] of Object.entries(calls)) {
    try {
      await act();
      told.push([call, '']);
    } catch (error) {
      told.push([call, String(error.message || error)]);
    }
  }
  process.stdout.write(`\n${JSON.stringify(told)}`);
})();

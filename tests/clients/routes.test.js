// Where a call goes when a route decides: by what it would cost and by the state of the line; and that `hearth explain`
// says which condition did not hold.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { Box } from './harness.js';
import { Provider } from './provider.js';
import { admin, bearer } from './support.js';

const config = (url) => `
providers:
  dear: { url: "${url}/v1", sees: secret, models: [m] }
  cheap: { url: "${url}/v1", sees: secret, models: [m] }
  unpriced: { url: "${url}/v1", sees: secret, models: [m] }
  den: { url: "${url}/v1", sees: secret, lan: true, models: [home] }
budgets:
  prices: [dear/m input 1 output 40 USD, cheap/m input 1 output 20 USD]
routes:
  by-price: { use: [unpriced/m if price<1USD, dear/m if price<0.015USD, cheap/m if price<0.015USD] }
  by-line: { use: [dear/m if no metered, den/home if online and metered] }
link: { metered: true }
`;

let provider;
let box;

before(async () => {
  provider = await Provider.start();
  const data = await mkdtemp(join(tmpdir(), 'hearth-test-'));
  await writeFile(join(data, 'hearth.yaml'), config(provider.url));
  box = await Box.start([], {}, data);
});
after(async () => {
  const end = await box?.stop();
  await provider?.stop();
  assert.deepEqual(end, { code: 0, signal: null }, box?.log.slice(-2000));
});
beforeEach(() => provider.forget());

let asked = 0;
const ask = (model, more = {}, headers = {}) => box.fetch(`${box.url}/v1/chat/completions`, { method: 'POST', headers: { 'content-type': 'application/json', ...bearer(box), ...headers }, body: JSON.stringify({ model, messages: [{ role: 'user', content: `Was macht die Katze? (${++asked})` }], ...more }) });
const story = async (response) => JSON.parse((await admin(box, `/admin/calls/${response.headers.get('x-request-id')}`)).text);
const passed = (call) => call.passed_over.map(({ model, reason }) => [model, reason]);

describe('a route', () => {
  // 500 tokens at 40 USD for a million are 0.02 USD, at 20 they are 0.01.
  test('by price: who would ask for more is not asked, nor who nobody knows the price of', async () => {
    const response = await ask('by-price');
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('x-hearth-model'), 'cheap/m');
    assert.equal(response.headers.get('x-hearth-reason'), "step 3 of the route 'by-price'");
    const [unpriced, dear] = passed(await story(response));
    assert.deepEqual(unpriced, ['unpriced/m', 'step 1 asks for price<1.00USD: nobody knows its price']);
    assert.equal(dear[0], 'dear/m');
    assert.match(dear[1], /^step 2 asks for price<0\.015USD: it would ask for about 0\.02\d* USD$/);
    // A longer request costs more: then nobody is left.
    const long = await ask('by-price', { messages: [{ role: 'user', content: 'Katze '.repeat(10_000) }] });
    assert.equal(long.status, 503);
    assert.match((await long.json()).error.message, /cheap\/m: step 3 asks for price<0\.015USD/);
    assert.equal(provider.requests.length, 1);
  });

  test('by the line: over one that costs by volume only the local network is asked', async () => {
    const response = await ask('by-line');
    assert.equal(response.headers.get('x-hearth-model'), 'den/home');
    assert.deepEqual(passed(await story(response)), [['dear/m', 'step 1 asks for no metered: the line is metered']]);
    const told = await box.hearth('explain', 'call', response.headers.get('x-request-id'));
    assert.match(told.replace(/\s+/g, ' '), /dear\/m not asked step 1 asks for no metered: the line is metered/);
  });
});

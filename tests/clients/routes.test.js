// Where a call goes when a route decides: by what it would cost, by the state of the line, by how fast who answers was lately,
// by how good it is held to be; where a class of data or an agent decides; and that `hearth explain` says which condition did not hold.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before, beforeEach, describe, test } from 'node:test';
import { Box } from './harness.js';
import { Provider } from './provider.js';
import { bearer, callOf, expectError, until } from './support.js';

const config = (url) => `
providers:
  dear: { url: "${url}/v1", sees: secret, models: [m] }
  cheap: { url: "${url}/v1", sees: secret, models: [m] }
  unpriced: { url: "${url}/v1", sees: secret, models: [m] }
  slow: { url: "${url}/v1", sees: secret, models: [m] }
  us: { url: "${url}/v1", sees: secret, models: [far], region: us }
  eu: { url: "${url}/v1", sees: secret, models: [far], region: eu, retention: 30 days }
  low: { url: "${url}/v1", sees: internal, models: [low] }
  den: { url: "${url}/v1", sees: secret, lan: true, models: [home] }
budgets:
  prices: [dear/m input 1 output 40 USD, cheap/m input 1 output 20 USD]
  limits: [agent thrifty 0.005 USD in total]
agents:
  digest: { class: internal }
  diary: { class: personal }
  thrifty: {}
policy:
  regions: [eu]
  quality: [dear/m 0.9, cheap/m 0.6, slow/m 0.5]
routes:
  good: { use: [any if quality>=0.7] }
  by-price: { use: [unpriced/m if price<1USD, dear/m if price<0.015USD, cheap/m if price<0.015USD] }
  too-dear: { use: [dear/m if price<0.015USD] }
  by-speed: { use: [slow/m if first_byte<400ms, cheap/m] }
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
const open = { 'x-hearth-data-class': 'internal' }; // personal data have no region to go to
const ask = (model, more = {}, headers = {}) => box.fetch(`${box.url}/v1/chat/completions`, { method: 'POST', headers: { 'content-type': 'application/json', ...bearer(box), ...headers }, body: JSON.stringify({ model, messages: [{ role: 'user', content: `Was macht die Katze? (${++asked})` }], ...more }) });
const story = (response) => callOf(box, response);
const passed = (call) => call.passed_over.map(({ model, reason }) => [model, reason]);

describe('a route', () => {
  // 500 tokens at 40 USD for a million are 0.02 USD, at 20 they are 0.01.
  test('by price: who would ask for more is not asked, nor who nobody knows the price of', async () => {
    const response = await ask('by-price', {}, open);
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('x-hearth-model'), 'cheap/m');
    assert.equal(response.headers.get('x-hearth-reason'), "step 3 of the route 'by-price'");
    const [unpriced, dear] = passed(await story(response));
    assert.deepEqual(unpriced, ['unpriced/m', 'step 1 asks for price<1.00USD: nobody knows its price']);
    assert.equal(dear[0], 'dear/m');
    assert.match(dear[1], /^step 2 asks for price<0\.015USD: it would ask for about 0\.02\d* USD$/);
    // A longer request costs more: then nobody is left.
    const long = await ask('by-price', { messages: [{ role: 'user', content: 'Katze '.repeat(10_000) }] }, open);
    assert.equal(long.status, 503);
    assert.match((await long.json()).error.message, /cheap\/m: step 3 asks for price<0\.015USD/);
    assert.equal(provider.requests.length, 1);
  });

  test('by price: a call that may wait waits for a price, until its deadline', async () => {
    const taken = await ask('too-dear', {}, { ...open, prefer: 'respond-async', 'x-hearth-deadline': '4s' });
    assert.equal(taken.status, 202);
    const { id } = await taken.json();
    const ended = await until(async () => {
      const call = await (await box.fetch(`${box.url}/v1/deferred/${id}`, { headers: bearer(box) })).json();
      return !['queued', 'running'].includes(call.status) && call;
    }, 'it is given up');
    assert.equal(ended.status, 'expired');
    assert.equal(provider.requests.length, 0);
  });

  test('by speed: who began to answer too late is passed over until that is long ago', async () => {
    provider.next({ until: until(() => provider.requests.length === 1, 'it is asked').then(() => sleep(900)) });
    const late = await ask('by-speed', { stream: true }, open);
    assert.equal(late.headers.get('x-hearth-model'), 'slow/m'); // nobody knew yet
    await late.text();
    const response = await ask('by-speed', { stream: true }, open);
    assert.equal(response.headers.get('x-hearth-model'), 'cheap/m');
    await response.text();
    const [[model, why]] = passed(await story(response));
    assert.equal(model, 'slow/m');
    assert.match(why, /^step 1 asks for first_byte<0\.4s: it took [0-9.]+ m?s lately$/);
    const { data } = JSON.parse(await box.hearth('providers', '--json'));
    const slow = data.find((one) => one.model === 'slow/m');
    assert.ok(slow.first_byte_seconds >= 0.8 && slow.tokens_per_second > 0, JSON.stringify(slow));
    assert.deepEqual([slow.kind, slow.sees, slow.failing, slow.obstacle], ['provider', 'internal', 0, '']); // it has no region
    assert.deepEqual(data.find((one) => one.model === 'cheap/m').usual_price, { currency: 'USD', amount: '0.011' });
    assert.match(await box.hearth('providers'), /slow\/m +provider +internal +– +– +– +[0-9.]+ m?s/);
    const metrics = await (await fetch(`${box.url}/metrics`, { headers: bearer(box) })).text();
    const shown = (name) => Number(new RegExp(`^${name}\\{gen_ai_request_model="slow/m",upstream="slow"\\} (.*)$`, 'm').exec(metrics)?.[1]);
    assert.ok(shown('hearth_upstream_first_byte_seconds') >= 0.8);
    assert.equal(shown('hearth_upstream_failing_ratio'), 0);
  });

  test('by quality: the cheapest of those that are held to be good enough', async () => {
    const response = await ask('good', {}, open);
    assert.equal(response.headers.get('x-hearth-model'), 'dear/m');
    assert.match(response.headers.get('x-hearth-reason'), /^step 1 of the route 'good', at a provider, for about 0\.02\d* USD$/);
  });

  test('by the line: over one that costs by volume only the local network is asked', async () => {
    const response = await ask('by-line', {}, open);
    assert.equal(response.headers.get('x-hearth-model'), 'den/home');
    assert.deepEqual(passed(await story(response)), [['dear/m', 'step 1 asks for no metered: the line is metered']]);
    const told = await box.hearth('explain', 'call', response.headers.get('x-request-id'));
    assert.match(told.replace(/\s+/g, ' '), /dear\/m not asked step 1 asks for no metered: the line is metered/);
  });
});

test('personal data stay in the regions of the policy, and what was said of the place is recorded', async () => {
  const response = await ask('far');
  assert.equal(response.headers.get('x-hearth-model'), 'eu/far');
  const call = await story(response);
  assert.deepEqual(passed(call), [['us/far', 'the data are personal, and it may see internal at most, outside of policy.regions']]);
  assert.deepEqual([call.tried[0].region, call.tried[0].retention], ['eu', '30 days']);
  assert.match(await box.hearth('explain', 'call', call.id), /eu\/far, as hearth\.yaml says: computes in eu, keeps what it gets: 30 days\./);
  const report = JSON.parse(await box.hearth('egress', 'report', '--json'));
  assert.ok(report.data.some((row) => row.rule === 'providers.eu.sees: secret, region: eu, retention: 30 days'), JSON.stringify(report.data));
  await box.hearth('egress', 'verify');
  await expectError(await ask('us/far'), 403, 'data_class_denied');
  const elsewhere = await ask('us/far', {}, { 'x-hearth-data-class': 'internal' });
  assert.equal(elsewhere.status, 200);
});

describe('an agent', () => {
  test('has a class, which says of its calls what they are, and lowers nothing', async () => {
    const digest = await ask('low', {}, { 'x-hearth-agent': 'digest' });
    assert.equal(digest.status, 200);
    const call = await story(digest);
    assert.deepEqual([call.agent, call.data_class], ['digest', 'internal']);
    await expectError(await ask('low', {}, { 'x-hearth-agent': 'diary', 'x-hearth-data-class': 'public' }), 403, 'data_class_denied');
    await expectError(await ask('low', {}, { 'x-hearth-agent': 'digest', 'x-hearth-data-class': 'secret' }), 403, 'data_class_denied');
    await expectError(await ask('low'), 403, 'data_class_denied'); // nobody's is personal
    const found = { messages: [{ role: 'user', content: 'Schreib an jane.doe@example.com!' }] };
    await expectError(await ask('low', found, { 'x-hearth-agent': 'digest' }), 403, 'data_class_denied');
  });

  test('that nobody wrote down is refused', async () => {
    const error = await expectError(await ask('low', {}, { 'x-hearth-agent': 'digset' }), 400, 'invalid_value', 'x-hearth-agent');
    assert.match(error.message, /no agent 'digset'/);
  });

  test('has a budget of its own', async () => {
    const headers = { 'x-hearth-agent': 'thrifty', ...open };
    await expectError(await ask('dear/m', { max_tokens: 1000 }, headers), 429, 'budget_exceeded'); // up to 0.04 USD
    assert.equal((await ask('dear/m', { max_tokens: 1000 }, { ...headers, 'x-hearth-agent': 'diary' })).status, 403); // it has no region
    assert.equal((await ask('dear/m', { max_tokens: 1 }, headers)).status, 200);
  });
});

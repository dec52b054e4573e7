// A provider that has had a call and whose answer is lost may have charged for it: nobody who charges is asked again, neither by
// the box nor by a client's SDK. What surely was not worked on goes on to the next.
import assert from 'node:assert/strict';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import OpenAI from 'openai';
import { Box } from './harness.js';
import { Provider, faults } from './provider.js';
import { sentence } from './provider_dialects.js';
import { bearer, callOf, expectError, until } from './support.js';

// [name, what the first provider does].
const lost = [
  ['silent', () => faults.silent()],
  ['slow headers', () => faults.slowHeaders()],
  ['connection reset', () => faults.reset()],
  ['HTML 200', () => faults.html(200)],
  ['200 with error body', () => faults.errorBody()],
  ['200 with nothing', () => faults.empty()],
  ['half a JSON document', () => faults.notJson()],
  ['shorter than it says', () => faults.lengthLies(10)],
  ['504', () => faults.error(504)],
  ['524', () => faults.error(524)],
];
const silent = ['silent', 'slow headers', 'sdk'];
const notWorkedOn = [
  ['429', () => faults.limited()],
  ['500', () => faults.error(500)],
  ['503 with Retry-After', () => faults.error(503, { 'retry-after': '1' })],
  ['529', () => faults.error(529)],
  ['HTML 502', () => faults.html()],
];
const slug = (name) => `p-${name.toLowerCase().replace(/[^a-z0-9]+/g, '-')}`;

let first; // loses calls
let second; // charges, too
let near; // does not
let box;
let bold; // is allowed to repeat
let client;

const configuration = (more = '') => {
  const lines = ['providers:'];
  const provide = (name, url, how = '') => lines.push(`  ${name}: { url: "${url}/v1", sees: secret, models: [m]${how} }`);
  // Who answers is never in haste: on a busy machine that takes as long as it takes.
  for (const [name] of [...lost, ...notWorkedOn, ['kept alive'], ['away'], ['midway'], ['sdk']]) provide(slug(name), first.url, silent.includes(name) ? ', first_byte_time: 700ms' : '');
  provide('second', second.url);
  provide('near', near.url, ', lan: true');
  lines.push('routes:');
  for (const [name] of [...lost, ...notWorkedOn, ['kept alive'], ['away'], ['midway'], ['sdk']]) lines.push(`  pay-${slug(name)}: { use: [${slug(name)}/m, second/m] }`, `  free-${slug(name)}: { use: [${slug(name)}/m, second/m, near/m] }`);
  return `${lines.join('\n')}\n${more}`;
};
const open = async (more) => {
  const data = await mkdtemp(join(tmpdir(), 'hearth-test-'));
  await writeFile(join(data, 'hearth.yaml'), configuration(more));
  return Box.start([], {}, data);
};

before(async () => {
  [first, second, near] = await Promise.all([Provider.start(), Provider.start(), Provider.start()]);
  box = await open();
  bold = await open('policy:\n  repeat_uncertain: true\n');
  client = new OpenAI({ apiKey: box.key, baseURL: `${box.url}/v1`, maxRetries: 5 });
});
after(async () => {
  for (const one of [box, bold]) {
    const end = await one?.stop();
    assert.deepEqual(end, { code: 0, signal: null }, one?.log.slice(-2000));
  }
  for (const provider of [first, second, near]) await provider?.stop();
});
beforeEach(() => {
  for (const provider of [first, second, near]) provider.forget();
});

let asked = 0;
const body = (model, more = {}) => JSON.stringify({ model, messages: [{ role: 'user', content: `Was macht die Katze? (${++asked})` }], ...more });
const post = (model, more = {}, at = box) => fetch(`${at.url}/v1/chat/completions`, { method: 'POST', headers: { 'content-type': 'application/json', ...bearer(at) }, body: body(model, more) });
const counts = () => [first.requests.length, second.requests.length, near.requests.length];

describe('a call that a provider has had, and whose answer is lost', () => {
  for (const [name, fault] of lost) {
    test(`${name}: no other provider is asked, and the client’s SDK does not repeat it either`, async () => {
      first.always = fault();
      const response = await post(`pay-${slug(name)}`);
      assert.equal(response.headers.get('x-should-retry'), 'false');
      const { message } = (await response.json()).error;
      assert.match(message, /charged for it/);
      await until(() => first.requests.length > 0, 'it was asked'); // which it may see later than the box gave it up
      assert.deepEqual(counts(), [1, 0, 0]);
      const told = await callOf(box, response);
      assert.ok(JSON.stringify(told).includes('another provider may have charged for the call'), JSON.stringify(told));
    });
  }
  test('what costs nothing may answer it', async () => {
    first.always = faults.reset();
    const response = await post(`free-${slug('connection reset')}`);
    assert.equal((await response.json()).choices[0].message.content, sentence);
    assert.deepEqual(counts(), [1, 0, 1]);
  });
  test('a kept-alive connection that breaks under it: it is not sent anew', async () => {
    assert.equal((await post(`${slug('kept alive')}/m`)).status, 200);
    first.next(faults.reset());
    const response = await post(`pay-${slug('kept alive')}`);
    assert.equal(response.headers.get('x-should-retry'), 'false');
    await expectError(response, 503, 'upstream_unavailable');
    assert.deepEqual(counts(), [2, 0, 0]);
    assert.equal(first.requests[0].from, first.requests[1].from, 'it was the same connection');
  });
  test('OpenAI’s own client asks once, however often it may', async () => {
    first.always = faults.silent();
    await assert.rejects(client.chat.completions.create({ model: `pay-${slug('sdk')}`, messages: [{ role: 'user', content: 'Einmal.' }] }), OpenAI.APIError);
    await until(() => first.requests.length > 0, 'it was asked');
    assert.deepEqual(counts(), [1, 0, 0]);
  });
  test('a stream that breaks is told of, and nobody else is asked', async () => {
    first.always = faults.hangUp();
    const text = await (await post(`free-${slug('midway')}`, { stream: true })).text();
    assert.match(text, /"error"/);
    assert.doesNotMatch(text, /\[DONE\]/);
    assert.deepEqual(counts(), [1, 0, 0]);
  });
  test('policy.repeat_uncertain: the next one is asked', async () => {
    first.always = faults.reset();
    const response = await post(`pay-${slug('connection reset')}`, {}, bold);
    assert.equal((await response.json()).choices[0].message.content, sentence);
    assert.deepEqual(counts(), [1, 1, 0]);
  });
});

describe('a call that a provider surely did not work on', () => {
  for (const [name, fault] of notWorkedOn) {
    test(`${name}: the next one answers`, async () => {
      first.always = fault();
      const response = await post(`pay-${slug(name)}`);
      assert.equal((await response.json()).choices[0].message.content, sentence);
      assert.deepEqual(counts(), [1, 1, 0]);
    });
  }
  test('connection refused: the next one answers', async () => {
    await first.away();
    try {
      const response = await post(`pay-${slug('away')}`);
      assert.equal((await response.json()).choices[0].message.content, sentence);
      assert.deepEqual(counts(), [0, 1, 0]);
    } finally {
      await first.back();
    }
    await until(async () => (await post(`${slug('away')}/m`)).status === 200, 'it is asked again');
  });
});

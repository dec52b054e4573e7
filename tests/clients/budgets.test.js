// What calls may cost: held back before they go, settled after, exact when many come at once, and when the box is killed.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import OpenAI from 'openai';
import { Box } from './harness.js';
import { Provider, faults } from './provider.js';
import { admin, expectError, until } from './support.js';

let provider;
let box;
let data;
const keys = {};

before(async () => {
  provider = await Provider.start();
  data = await mkdtemp(join(tmpdir(), 'hearth-test-'));
  const lines = ['providers:'];
  for (const [name, models, more = ''] of [['paid', 'dear, cheap'], ['openai', 'gpt-6.1-sol'], ['long', 'm', 'max_output: 3000'], ['claude', 'm', 'speaks: anthropic']]) lines.push(`  ${name}: { url: "${provider.url}/v1", sees: secret, models: [${models}]${more && `, ${more}`} }`);
  lines.push('budgets:', '  limits:', '    - key eight 0.015 USD in total', ...['killed', 'left', 'unsaid'].map((key) => `    - key ${key} 2 USD in total`));
  lines.push('  prices:', '    - paid/dear input 0 output 1000 USD', '    - paid/cheap input 0 output 1 USD', '    - long/m input 0 output 1000 USD', '    - claude/m input 0 output 400 USD');
  await writeFile(join(data, 'hearth.yaml'), `${lines.join('\n')}\n`);
  box = await Box.start([], {}, data);
  for (const key of ['eight', 'killed', 'left', 'unsaid']) keys[key] = (await box.hearth('keys', 'new', key, '--quiet')).trim();
});
after(async () => {
  const end = await box?.stop();
  await provider?.stop();
  if (data) await rm(data, { recursive: true, force: true });
  assert.deepEqual(end, { code: 0, signal: null }, box?.log.slice(-2000));
});
beforeEach(() => provider.forget());

let asked = 0;
const ask = (key, model, more = {}, headers = {}, init = {}) => fetch(`${box.url}/v1/chat/completions`, { method: 'POST', headers: { 'content-type': 'application/json', authorization: `Bearer ${keys[key]}`, ...headers }, body: JSON.stringify({ model, messages: [{ role: 'user', content: `Was macht die Katze? (${++asked})` }], ...more }), ...init });
const budgets = async () => JSON.parse((await admin(box, '/admin/budgets')).text);
const of = async (key) => {
  const line = (await budgets()).data.find((one) => one.budget.startsWith(`key ${key} `));
  return Object.fromEntries(['spent', 'held', 'left'].map((name) => [name, Number(line[name])]));
};
const overBudget = async (response) => {
  assert.equal(response.headers.get('x-should-retry'), 'false');
  return expectError(response, 429, 'budget_exceeded');
};

describe('a budget', () => {
  test('for one call, and eight at once: one is made', async () => {
    let open;
    provider.always = { ...faults.held(new Promise((resolve) => (open = resolve))), usage: { input: 5, cached: 0, output: 4 } };
    const all = Array.from({ length: 8 }, () => ask('eight', 'paid/dear', { max_tokens: 10 }));
    const refused = [];
    for (const one of all) one.then((response) => response.status === 429 && refused.push(response));
    await until(() => refused.length === 7 && provider.requests.length === 1, 'seven are turned away while one is under way');
    assert.equal((await of('eight')).held, 0.01);
    open();
    assert.deepEqual((await Promise.all(all)).map((r) => r.status).sort(), [200, ...Array(7).fill(429)]);
    for (const response of refused) await overBudget(response);
    await until(async () => (await of('eight')).spent === 0.004, 'it is settled');
    assert.deepEqual([(await of('eight')).held, provider.requests.length], [0, 1]);
    // Another one of at most 0.01 fits, and then none.
    assert.equal((await ask('eight', 'paid/dear', { max_tokens: 10 })).status, 200);
    await overBudget(await ask('eight', 'paid/dear', { max_tokens: 10 }));
    assert.equal(provider.requests.length, 2);
  });

  test('without a limit of the request’s own, the longest answer of the model counts', async () => {
    // 128,000 tokens at 10 USD for a million, as the list of prices says: 1.28 USD, which fits into 2.
    assert.equal((await ask('unsaid', 'openai/gpt-6.1-sol')).status, 200);
    // 3000 tokens at 1000 USD, as hearth.yaml says; with 1000 of the request's own it fits.
    await overBudget(await ask('unsaid', 'long/m'));
    assert.equal((await ask('unsaid', 'long/m', { max_tokens: 1000 })).status, 200);
    // One that wants a limit is told 4096, at 400 USD.
    assert.equal((await ask('unsaid', 'claude/m')).status, 200);
    assert.equal(provider.requests.at(-1).body.max_tokens, 4096);
    assert.equal(provider.requests.length, 3);
  });

  test('a client that leaves in the middle pays for what had come, and it is recorded', async () => {
    provider.always = { ...faults.paced(20), text: 'Die Katze schläft. '.repeat(200) };
    const client = new OpenAI({ apiKey: keys.left, baseURL: `${box.url}/v1`, maxRetries: 0 });
    const gone = new AbortController();
    const stream = await client.chat.completions.create({ model: 'paid/cheap', max_tokens: 100_000, messages: [{ role: 'user', content: 'Erzähl.' }], stream: true }, { signal: gone.signal });
    let chunks = 0;
    for await (const chunk of stream) if (chunk.choices[0]?.delta.content && ++chunks === 5) gone.abort();
    await until(() => provider.cancelled === 1, 'the provider is told');
    const line = await until(async () => { const now = await of('left'); return now.held === 0 && now.spent > 0 && now; }, 'it is settled');
    assert.ok(line.spent < 0.1, `${line.spent} of 0.1`);
    const rows = async () => JSON.parse(await box.hearth('egress', 'report', '--json')).data;
    const received = (all) => all.some((one) => one.destination.endsWith(`:${provider.port}`) && one.bytes_received > 0);
    await until(async () => received(await rows()), 'what came is recorded');
  });

  test('kill -9 in the middle of a stream: charged in full, sent once, and the ledger is whole', async () => {
    provider.always = { ...faults.paced(20), text: 'Die Katze schläft. '.repeat(200) };
    const once = { 'idempotency-key': randomUUID() };
    const body = { max_tokens: 1000, stream: true, messages: [{ role: 'user', content: 'Erzähl lange.' }] };
    const response = await ask('killed', 'paid/dear', body, once);
    const reader = response.body.getReader();
    for (let i = 0; i < 3; ++i) await reader.read();
    box.process.kill('SIGKILL');
    await box.exited;
    await assert.rejects(async () => {
      for (;;) if ((await reader.read()).done) return;
    }, 'a stream that is cut does not look whole');
    box = await Box.start([], {}, data);
    const { unsettled } = await budgets();
    assert.deepEqual(unsettled.map((one) => [one.upstream, one.model, Number(one.cost)]), [['paid', 'dear', 1]]);
    const { spent, held, left } = await of('killed');
    assert.equal(spent + held, 1, JSON.stringify({ spent, held, left }));
    const again = await ask('killed', 'paid/dear', body, once);
    assert.equal(again.headers.get('x-should-retry'), 'false');
    await expectError(again, 409, 'answer_lost');
    assert.equal(provider.requests.length, 1);
    const { data: rows } = JSON.parse(await box.hearth('egress', 'report', '--json'));
    assert.equal(rows.reduce((sum, row) => sum + row.unfinished, 0), 1, JSON.stringify(rows));
    await box.hearth('egress', 'verify');
    // What is left is left for others, exactly.
    provider.always = {};
    await overBudget(await ask('killed', 'paid/dear', { max_tokens: 1001 }));
    assert.equal((await ask('killed', 'paid/dear', { max_tokens: 1000 })).status, 200);
  });
});

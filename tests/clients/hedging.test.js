// A route with `hedge_after`: when the first is silent, the second is asked, too; one answers, the other is given up, and both
// are recorded and charged.
import assert from 'node:assert/strict';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Box } from './harness.js';
import { Provider, faults } from './provider.js';
import { admin, bearer, callOf, until } from './support.js';

let cloud;
let den;
let box;

before(async () => {
  [cloud, den] = await Promise.all([Provider.start(), Provider.start()]);
  const data = await mkdtemp(join(tmpdir(), 'hearth-test-'));
  await writeFile(join(data, 'hearth.yaml'), `
providers:
  cloud: { url: "${cloud.url}/v1", sees: secret, models: [m, n], first_byte_time: 5s, stall_time: 5s }
  den: { url: "${den.url}/v1", sees: secret, lan: true, models: [m, n], first_byte_time: 5s, stall_time: 5s }
budgets:
  prices: [cloud/m input 100 output 100 USD, cloud/n input 0 output 0 USD]
  limits: [box 10 USD in total]
routes:
  out-first: { use: [cloud/m, den/m], hedge_after: 300ms }
  home-first: { use: [den/m, cloud/m], hedge_after: 300ms }
  patient: { use: [cloud/m, den/m], hedge_after: 1h }
  both-charge: { use: [cloud/m, cloud/n, den/m], hedge_after: 100ms }
`);
  box = await Box.start([], {}, data);
});
after(async () => {
  const end = await box?.stop();
  for (const provider of [cloud, den]) await provider?.stop();
  assert.deepEqual(end, { code: 0, signal: null }, box?.log.slice(-2000));
});
beforeEach(() => {
  for (const provider of [cloud, den]) provider.forget();
});

let asked = 0;
const ask = (model, more = {}, headers = {}, init = {}) => box.fetch(`${box.url}/v1/chat/completions`, { method: 'POST', headers: { 'content-type': 'application/json', ...bearer(box), ...headers }, body: JSON.stringify({ model, messages: [{ role: 'user', content: `Was macht die Katze? (${++asked})` }], max_tokens: 50, ...more }), ...init });
const story = (response) => callOf(box, response);
const tried = ({ tried }) => tried.map(({ model, status, error }) => [model, status, error]);
const spent = async () => { const [{ spent, held }] = JSON.parse((await admin(box, '/admin/budgets')).text).data; return { spent: Number(spent), held: Number(held) }; };
const records = async () => JSON.parse(await box.hearth('egress', 'report', '--json')).data;
const words = (text) => [...text.matchAll(/"content":"([^"]*)"/g)].map(([, word]) => word).join('');

describe('a route that does not wait', () => {
  for (const stream of [false, true])
    test(`asks the second when the first is silent${stream ? ', and streams' : ''}`, async () => {
      const before = await spent();
      cloud.next(faults.silent());
      const response = await ask('out-first', { stream });
      assert.equal(response.headers.get('x-hearth-model'), 'den/m');
      assert.equal(response.headers.get('x-hearth-reason'), "step 2 of the route 'out-first', for cloud/m was silent for 0.3 s");
      const text = await response.text();
      assert.ok(stream ? text.trimEnd().endsWith('data: [DONE]') && words(text) : JSON.parse(text).choices[0].message.content, text);
      assert.deepEqual(tried(await story(response)), [['cloud/m', 499, 'den/m began to answer before it did'], ['den/m', 200, null]]);
      await until(() => cloud.cancelled === 1, 'the other is given up');
      assert.deepEqual([cloud.requests.length, den.requests.length], [1, 1]);
      // It may have done the work: its prompt is charged in full, and nothing stays held back.
      const now = await until(async () => { const all = await spent(); return all.held === 0 && all; }, 'both are settled');
      assert.ok(now.spent > before.spent, JSON.stringify({ before, now }));
      const to = (purpose) => records().then((all) => all.filter((row) => row.purpose === purpose).reduce((sum, row) => sum + row.calls, 0));
      await until(async () => (await to('provider')) >= 1 && (await to('lan')) >= 1, 'both are recorded');
      const slow = JSON.parse((await admin(box, '/admin/upstreams')).text).data.find(({ model }) => model === 'cloud/m');
      assert.ok(slow.first_byte_seconds >= 0.3 && slow.failing === 0, JSON.stringify(slow));
    });

  test('tells those who follow the call who answered', async () => {
    cloud.next(faults.silent());
    const response = await ask('out-first', { stream: true }, { 'x-stainless-retry-count': '0' });
    assert.equal(response.headers.get('x-hearth-model'), 'den/m');
    assert.ok(words(await response.text()));
    const call = await story(response);
    assert.deepEqual([call.model, call.status, call.tried.length], ['den/m', 200, 2]);
  });

  test('asks nobody else when the first begins in time', async () => {
    const response = await ask('patient', { stream: true });
    assert.equal(response.headers.get('x-hearth-model'), 'cloud/m');
    await response.text();
    assert.deepEqual(tried(await story(response)), [['cloud/m', 200, null]]);
    assert.equal(den.requests.length, 0);
  });

  test('lets the first win when it begins before the second does', async () => {
    den.next(faults.held(until(() => cloud.requests.length === 1, 'the second is asked')));
    cloud.next(faults.silent());
    const response = await ask('home-first', { stream: true });
    assert.equal(response.headers.get('x-hearth-model'), 'den/m');
    await response.text();
    assert.deepEqual(tried(await story(response)), [['cloud/m', 499, 'den/m began to answer before it did'], ['den/m', 200, null]]);
  });

  test('takes the second when the first fails after that', async () => {
    den.next({ ...faults.error(500), until: until(() => cloud.requests.length === 1, 'the second is asked') });
    cloud.next(faults.held(until(() => den.requests[0]?.ended, 'the first has failed')));
    const response = await ask('home-first');
    assert.equal(response.headers.get('x-hearth-model'), 'cloud/m');
    assert.deepEqual(tried(await story(response)).map(([model, status]) => [model, status]), [['den/m', 502], ['cloud/m', 200]]);
  });

  test('says of each why it failed when both do', async () => {
    den.next({ ...faults.error(500), until: until(() => cloud.requests[0]?.ended, 'the second has failed') });
    cloud.next(faults.error(503));
    const response = await ask('home-first');
    assert.ok(response.status >= 500);
    assert.deepEqual(tried(await story(response)).map(([model]) => model), ['den/m', 'cloud/m']);
    assert.deepEqual([cloud.requests.length, den.requests.length], [1, 1]);
  });

  test('never asks two who charge, nor anybody else under an Idempotency-Key', async () => {
    const silence = (count) => faults.held(until(() => cloud.requests.length === count, 'it is asked').then(() => sleep(700)));
    cloud.next(silence(1));
    const charged = await ask('both-charge');
    assert.equal(charged.headers.get('x-hearth-model'), 'cloud/m');
    assert.equal(cloud.requests.length, 1);
    cloud.next(silence(2));
    const once = await ask('out-first', {}, { 'idempotency-key': 'hedge-1' });
    assert.equal(once.headers.get('x-hearth-model'), 'cloud/m');
    assert.deepEqual([cloud.requests.length, den.requests.length], [2, 0]);
  });

  test('gives both up when the client leaves', async () => {
    cloud.next(faults.silent());
    den.next(faults.silent());
    const gone = new AbortController();
    const response = ask('out-first', {}, {}, { signal: gone.signal });
    await until(() => den.requests.length === 1, 'both are asked');
    gone.abort();
    await assert.rejects(response);
    await until(() => cloud.cancelled === 1 && den.cancelled === 1, 'both are given up');
    await until(async () => (await spent()).held === 0, 'nothing stays held back');
  });

  // Whoever is silent, fails, breaks off or is left, in whatever order: one whole answer or one error, and all is settled.
  test('twenty at once, of which each goes its own way', async () => {
    let seed = 20261127;
    const chance = (n) => Math.floor(((seed = (seed * 48271) % 2147483647) / 2147483647) * n);
    // Few fail: who fails too often is left alone, and then nobody is asked.
    const well = () => ({});
    const late = () => faults.held(sleep(chance(700)));
    const ways = [well, well, late, late, late, () => faults.paced(chance(40)), () => ({ ...faults.error(500), until: sleep(chance(700)) }), () => faults.reset(chance(3)), faults.silent];
    const how = () => ways[chance(ways.length)]();
    const one = async () => {
      const gone = chance(5) === 0 ? AbortSignal.timeout(chance(900)) : undefined;
      const stream = chance(2) === 0;
      const response = await ask(chance(2) ? 'out-first' : 'home-first', { stream }, {}, { signal: gone }).catch(() => null);
      const text = await response?.text().catch(() => null);
      if (!text) return 'left';
      if (response.status >= 400) return JSON.parse(text).error.message;
      if (!stream) return JSON.parse(text).choices[0].message.content && 'whole';
      const ids = new Set([...text.matchAll(/"id":"([^"]*)"/g)].map(([, id]) => id));
      assert.equal(ids.size, 1, `of one answer: ${text}`);
      assert.ok(/data: \[DONE\]\s*$/.test(text) || text.includes('"error"'), text);
      return 'streamed';
    };
    for (const provider of [cloud, den]) provider.orders = { shift: how };
    const ends = [];
    for (let wave = 0; wave < 3; ++wave) ends.push(...(await Promise.all(Array.from({ length: 20 }, one))));
    assert.ok(ends.some((end) => end === 'streamed') && ends.some((end) => end === 'whole'), ends.join());
    await until(async () => (await spent()).held === 0, 'nothing stays held back');
    await until(async () => (await records()).every((row) => !row.unfinished), 'every record has its end');
    await box.hearth('egress', 'verify');
  });
});

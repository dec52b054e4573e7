// The line to the world is down, comes back, and flaps: calls that may wait are taken and answered later, once each, and those
// that may not are told at once. A real cable between network namespaces, so it needs root; elsewhere it is left out.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Cable, obstacle } from './cable.js';
import { Provider, Receiver, dice, sleep } from './deferred_world.js';
import { Box } from './harness.js';
import { bearer, expectError, status, until } from './support.js';

const why = await obstacle();
if (why) console.error(`the tests of the line are left out: ${why}`);

const kSeed = 20261127;
const kAtOnce = 1_000; // ms; providers have far more than that to answer

let cable;
let provider;
let receiver;
let data;
let box;
let key;

const start = async () => {
  box = await Box.start(['--listen', `${cable.box}:0`], {}, data, cable.through);
  key ??= box.key;
  box.key = key;
  receiver.secret ??= (await get('/v1/deferred/webhook-secret')).secret;
};
const kill = async () => {
  box.process.kill('SIGKILL');
  await box.exited;
};
const get = async (path) => (await box.fetch(`${box.url}${path}`, { headers: bearer(box) })).json();
const chat = (text, headers = {}) => box.fetch(`${box.url}/v1/chat/completions`, { method: 'POST', headers: { 'content-type': 'application/json', ...bearer(box), ...headers }, body: JSON.stringify({ model: 'parrot', messages: [{ role: 'user', content: text }] }) });
const line = (state) => until(async () => (await status(box)).link === state, `the line is ${state}`);

// Takes a call that may wait; `ids` notes it.
async function later(ids, text) {
  const taken = await chat(text, { prefer: 'respond-async', 'x-hearth-webhook': `${receiver.url}/told`, 'idempotency-key': text.replaceAll(' ', '-') });
  assert.equal(taken.status, 202, await taken.clone().text());
  ids.set(text, (await taken.json()).id);
}
// What became of the calls, once each has ended and its webhook was told: once, and with the answer to what was asked.
async function settled(ids) {
  const calls = [];
  for (const [text, id] of ids) {
    const call = await until(async () => { const one = await get(`/v1/deferred/${id}`); return !['queued', 'running'].includes(one.status) && one; }, `${text} ends`);
    calls.push({ text, asked: provider.requests.filter((said) => said === text).length, ...call });
  }
  await until(() => calls.every(({ id }) => receiver.about(id).length > 0), 'all webhooks are told');
  for (const { text, id, status: end, result } of calls) {
    assert.deepEqual(receiver.about(id).map((message) => message.type), [`deferred.${end}`], text);
    if (end !== 'done') continue;
    const answer = await (await fetch(`${box.url}${result.url}`, { headers: bearer(box) })).json();
    assert.equal(answer.choices[0].message.content, text);
  }
  assert.equal(new Set(ids.values()).size, ids.size);
  assert.deepEqual(receiver.problems, []);
  return calls;
}

if (!why)
  describe('the line', () => {
    before(async () => {
      cable = await Cable.start();
      provider = new Provider();
      receiver = new Receiver();
      await provider.start(0, cable.world);
      await receiver.start(cable.world);
      data = await mkdtemp(join(tmpdir(), 'hearth-test-'));
      const lines = ['providers:', '  parrots:', `    url: http://${cable.world}:${provider.port}/v1`, '    sees: secret', '    models: [parrot]', '    first_byte_time: 20s', 'link:', '  probe_every: 5s', 'deferred:', `  webhooks: ["${receiver.url}"]`, '  parallel: 3'];
      await writeFile(join(data, 'hearth.yaml'), `${lines.join('\n')}\n`);
      await start();
    });
    after(async () => {
      if (box?.process.exitCode === null) {
        box.process.kill('SIGTERM');
        assert.deepEqual(await box.exited, { code: 0, signal: null }, box.log.slice(-2000));
      }
      await provider?.stop();
      receiver?.stop();
      await cable?.stop();
      if (data) await rm(data, { recursive: true, force: true });
    });

    test('down: what may wait is taken, what may not is told at once, and nobody is asked', async () => {
      assert.equal((await chat('before')).status, 200);
      await cable.unplug();
      await line('offline');
      const ids = new Map();
      for (let i = 0; i < 12; ++i) {
        await later(ids, `patience ${i}`);
        const began = performance.now();
        const error = await expectError(await chat('now'), 503, 'upstream_unavailable');
        const took = performance.now() - began;
        assert.match(error.message, /the line is down/);
        assert.ok(took < kAtOnce, `it took ${took.toFixed(0)} ms to say so`);
      }
      assert.deepEqual(provider.requests, ['before']);
      // What was taken outlives the daemon, which comes up without a line as well.
      await kill();
      await start();
      await line('offline');
      await expectError(await chat('now'), 503, 'upstream_unavailable');
      assert.ok((await get('/v1/deferred')).data.every((call) => ['queued', 'running'].includes(call.status)));
      await cable.plugIn();
      const calls = await settled(ids);
      for (const call of calls) assert.deepEqual([call.status, call.asked], ['done', 1], JSON.stringify(call));
      await line('online');
      assert.equal((await chat('after')).status, 200);
    });

    test('flaps: each call is made once, and each webhook told once', async () => {
      const random = dice(kSeed);
      const ids = new Map();
      provider.delay = () => random(300);
      for (let i = 0; i < 24; ++i) {
        await later(ids, `flap ${i}`);
        if (i % 3 !== 0) continue;
        await sleep(random(500));
        await cable.unplug();
        await sleep(random(2500));
        await cable.plugIn();
      }
      for (const call of await settled(ids)) assert.deepEqual([call.status, call.asked], ['done', 1], JSON.stringify(call));
    });

    test('flaps, and the daemon is killed again and again: none is made twice, and each webhook is told once', async () => {
      const random = dice(kSeed + 1);
      const ids = new Map();
      provider.delay = () => random(300);
      for (let round = 0; round < 8; ++round) {
        for (let i = 0; i < 4; ++i) await later(ids, `kill ${round} ${i}`);
        const flap = (async () => {
          await sleep(random(400));
          await cable.unplug();
          await sleep(random(1500));
          await cable.plugIn();
        })();
        await sleep(random(1500));
        await kill();
        await start();
        await flap;
      }
      const calls = await settled(ids);
      for (const call of calls) {
        assert.ok(call.asked <= 1, `${call.text} was asked ${call.asked} times`);
        if (call.status === 'done') assert.equal(call.asked, 1, call.text);
        else assert.match(`${call.status}: ${call.error}`, /^failed: .*may have been answered and charged for/);
      }
      assert.ok(calls.filter((call) => call.status === 'done').length >= calls.length / 2, 'most are answered');
    });

    test('all that was sent stands in the ledger, and nothing of it is altered', async () => {
      const { data: rows } = JSON.parse(await box.hearth('egress', 'report', '--json'));
      const calls = (purpose) => rows.filter((row) => row.purpose === purpose).reduce((sum, row) => sum + row.calls, 0);
      assert.ok(calls('provider') >= provider.requests.length, `${calls('provider')} of ${provider.requests.length}`);
      assert.ok(calls('webhook') >= receiver.deliveries, `${calls('webhook')} of ${receiver.deliveries}`);
      await box.hearth('egress', 'verify');
    });
  });

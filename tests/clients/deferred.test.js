// Calls that are answered later: what a client sees of them, across kills of the daemon and while an upstream is away.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Provider, Receiver, dice, sleep } from './deferred_world.js';
import { Box } from './harness.js';
import { bearer, expectError, until } from './support.js';

const provider = new Provider();
const receiver = new Receiver();
let data;
let key;
const options = { HEARTH_DEFERRED_REPEAT_UNCERTAIN: 'true', HEARTH_DEFERRED_PARALLEL: '3' };
const start = async () => {
  const box = await Box.start([], options, data);
  key ??= box.key;
  box.key = key;
  receiver.secret ??= (await get(box, '/v1/deferred/webhook-secret')).secret;
  return box;
};
const chat = (box, text, headers = {}) =>
  box.fetch(`${box.url}/v1/chat/completions`, { method: 'POST', headers: { 'content-type': 'application/json', prefer: 'respond-async', ...bearer(box), ...headers }, body: JSON.stringify({ model: 'parrot', messages: [{ role: 'user', content: text }] }) });
const get = async (box, path) => (await box.fetch(`${box.url}${path}`, { headers: bearer(box) })).json();
const ended = (box, id) => until(async () => { const call = await get(box, `/v1/deferred/${id}`); return !['queued', 'running'].includes(call.status) && call; }, `${id} ends`);

before(async () => {
  await provider.start();
  await receiver.start();
  data = await mkdtemp(join(tmpdir(), 'hearth-test-'));
  await writeFile(join(data, 'hearth.yaml'), `providers:\n  parrots:\n    url: http://127.0.0.1:${provider.port}/v1\n    lan: true\n    sees: secret\n    models: [parrot]\ndeferred:\n  webhooks: [${receiver.url}]\n  cheap_hours: []\n`);
});
after(async () => {
  await provider.stop();
  receiver.stop();
  await rm(data, { recursive: true, force: true });
});

describe('a deferred call', () => {
  let box;
  before(async () => {
    box = await start();
  });
  after(async () => {
    assert.deepEqual(box.contract.violations, []);
    box.process.kill('SIGTERM');
    await box.exited;
  });

  test('is taken at once, answered later, and its webhook told', async () => {
    const taken = await chat(box, 'hello', { 'x-hearth-webhook': `${receiver.url}/hook?a=b` });
    assert.equal(taken.status, 202);
    assert.equal(taken.headers.get('preference-applied'), 'respond-async');
    const call = await taken.json();
    assert.equal(taken.headers.get('location'), `/v1/deferred/${call.id}`);
    const end = await ended(box, call.id);
    assert.equal(end.status, 'done', JSON.stringify(end));
    assert.equal(end.attempts, 1);
    const answer = await box.fetch(`${box.url}${end.result.url}`, { headers: bearer(box) });
    assert.equal(answer.status, 200);
    assert.equal((await answer.json()).choices[0].message.content, 'hello');
    await until(() => receiver.about(call.id).length === 1, 'the webhook is told');
    assert.equal(receiver.about(call.id)[0].type, 'deferred.done');
    assert.deepEqual(receiver.problems, []);
    assert.ok((await get(box, '/v1/deferred')).data.some((one) => one.id === call.id));
    await until(async () => (await get(box, `/v1/deferred/${call.id}`)).webhook.status === 'delivered', 'and the box knows');
  });

  test('with `wait`, is answered as usual when that takes no longer', async () => {
    const answer = await chat(box, 'quick', { prefer: 'respond-async, wait=100' });
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get('preference-applied'), 'wait=100');
    assert.equal((await answer.json()).choices[0].message.content, 'quick');
    const late = await chat(box, 'slow', { prefer: 'respond-async, wait=0' });
    assert.equal(late.status, 202);
  });

  test('that cannot be answered has failed, and its answer says why', async () => {
    const taken = await box.fetch(`${box.url}/v1/chat/completions`, { method: 'POST', headers: { 'content-type': 'application/json', prefer: 'respond-async', ...bearer(box) }, body: JSON.stringify({ model: 'nobody', messages: [{ role: 'user', content: 'x' }] }) });
    const end = await ended(box, (await taken.json()).id);
    assert.equal(end.status, 'failed');
    await expectError(await fetch(`${box.url}${end.result.url}`, { headers: bearer(box) }), 404, 'model_not_found');
  });

  test('waits for its time; cancelled, it is never made; then it is removed', async () => {
    const { id } = await (await chat(box, 'never', { 'x-hearth-not-before': '1h' })).json();
    await expectError(await box.fetch(`${box.url}/v1/deferred/${id}/result`, { headers: bearer(box) }), 409, 'not_ready');
    const remove = () => box.fetch(`${box.url}/v1/deferred/${id}`, { method: 'DELETE', headers: bearer(box) });
    assert.equal((await (await remove()).json()).status, 'cancelled');
    assert.equal((await (await remove()).json()).deleted, true);
    await expectError(await remove(), 404, 'not_found');
    assert.ok(!provider.requests.includes('never'));
  });

  test('cancelled while it is answered, its upstream is left alone', async () => {
    provider.delay = () => 60_000;
    const { id } = await (await chat(box, 'long')).json();
    await until(() => provider.requests.includes('long'), 'it is asked');
    const cancelled = await box.fetch(`${box.url}/v1/deferred/${id}`, { method: 'DELETE', headers: bearer(box) });
    assert.equal((await cancelled.json()).status, 'cancelled');
    provider.delay = () => 0;
    await until(async () => JSON.parse(await box.hearth('status', '--json')).requests.in_flight === 0, 'nothing is in flight');
  });

  test('past its deadline is given up', async () => {
    const { id } = await (await chat(box, 'late', { 'x-hearth-not-before': '1', 'x-hearth-deadline': '2' })).json();
    provider.delay = () => 60_000;
    const end = await ended(box, id);
    provider.delay = () => 0;
    assert.ok(['expired', 'done'].includes(end.status), JSON.stringify(end));
    const gone = await (await chat(box, 'gone', { 'x-hearth-not-before': '1h', 'x-hearth-deadline': '2h' })).json();
    assert.equal(gone.deadline - gone.not_before, 3600);
  });

  test('with a key of the client\'s own is the same call again', async () => {
    const ask = (text) => chat(box, text, { 'idempotency-key': 'mine', 'x-hearth-not-before': '1h' });
    const first = await (await ask('one')).json();
    assert.equal((await (await ask('one')).json()).id, first.id);
    await expectError(await ask('two'), 409, 'already_exists');
  });

  test('headers that make no sense are refused by name', async () => {
    for (const [name, value] of [['x-hearth-deadline', 'soon'], ['x-hearth-not-before', 'cheap'], ['x-hearth-deadline', '2020-01-01T00:00:00Z'], ['x-hearth-webhook', 'nonsense']])
      await expectError(await chat(box, 'x', { [name]: value }), 400, 'invalid_value', name);
    await expectError(await chat(box, 'x', { 'x-hearth-webhook': 'http://169.254.169.254/latest' }), 403, 'permission_denied', 'x-hearth-webhook');
  });

  test('belongs to the key it was taken with', async () => {
    const { id } = await (await chat(box, 'private')).json();
    const other = (await box.hearth('keys', 'new', 'other', '--quiet')).trim();
    await expectError(await box.fetch(`${box.url}/v1/deferred/${id}`, { headers: { authorization: `Bearer ${other}` } }), 404, 'not_found');
    assert.match(await box.hearth('deferred', 'show', id), new RegExp(id));
    assert.match(await box.hearth('deferred'), /tests/);
    assert.equal(JSON.parse(await box.hearth('deferred', 'show', id, '--json')).id, id);
  });

  test('is made in the name of its key: not any more when that is taken back', async () => {
    const gone = JSON.parse(await box.hearth('keys', 'new', 'gone', '--json'));
    const { id } = await (await chat(box, 'orphan', { authorization: `Bearer ${gone.key}`, 'x-hearth-not-before': '10' })).json(); // time enough to take it back
    await box.hearth('keys', 'rm', gone.id);
    const end = await until(async () => { const call = JSON.parse(await box.hearth('deferred', 'show', id, '--json')); return call.status === 'failed' && call; }, 'it fails');
    assert.equal(end.result.status, 401);
    assert.ok(!provider.requests.includes('orphan'));
  });

  test('an upstream that is away is waited for', async () => {
    const { port } = provider;
    await provider.stop();
    const { id } = await (await chat(box, 'patience')).json();
    await until(async () => (await get(box, `/v1/deferred/${id}`)).attempts > 0, 'it was tried');
    const waiting = await get(box, `/v1/deferred/${id}`);
    assert.ok(['queued', 'running'].includes(waiting.status), JSON.stringify(waiting));
    await provider.start(port);
    const end = await ended(box, id);
    assert.equal(end.status, 'done', JSON.stringify(end));
    assert.equal(provider.requests.filter((said) => said === 'patience').length, 1);
  });
});

// Takes calls, kills the daemon while they are on their way, `kills` times, and lets the rest end; what became of each.
async function campaign(name, kills, total) {
  const random = dice(20261127);
  const ids = new Map(); // what was asked → the call's id
  provider.delay = () => random(250);
  const refused = new Set(); // messages, once each: the second pause is five minutes
  receiver.refuse = (id) => !refused.has(id) && random(3) === 0 && Boolean(refused.add(id));
  for (let round = 0; ; ++round) {
    const box = await start();
    const goal = round < kills ? Math.min(total, ids.size + 3) : total;
    while (ids.size < goal) {
      const text = `${name} ${ids.size}`;
      const taken = await chat(box, text, { 'x-hearth-webhook': `${receiver.url}/${name}`, 'idempotency-key': text.replaceAll(' ', '-') });
      assert.equal(taken.status, 202, await taken.clone().text());
      ids.set(text, (await taken.json()).id);
    }
    if (round < kills) {
      await sleep(random(400));
      box.process.kill('SIGKILL');
      await box.exited;
      continue;
    }
    const calls = [];
    for (const [text, id] of ids) calls.push({ text, asked: () => provider.requests.filter((said) => said === text).length, ...(await ended(box, id)) });
    await told(calls);
    for (const { text, id, result, status } of calls) {
      if (status !== 'done') continue;
      const answer = await (await fetch(`${box.url}${result.url}`, { headers: bearer(box) })).json();
      assert.equal(answer.choices[0].message.content, text, id);
    }
    assert.equal(new Set(ids.values()).size, total);
    assert.deepEqual(box.contract.violations, []);
    box.process.kill('SIGTERM');
    await box.exited;
    return calls;
  }
}
async function told(calls) {
  await until(() => calls.every(({ id }) => receiver.about(id).length > 0), 'all webhooks are told');
  for (const { id, status } of calls) {
    const messages = receiver.about(id);
    assert.equal(messages.length, 1, `${id}: ${JSON.stringify(messages)}`);
    assert.equal(messages[0].type, `deferred.${status}`);
  }
  assert.deepEqual(receiver.problems, []);
}

describe('kill -9 of the daemon, again and again', () => {
  test('no call is paid twice, each ends once, and each webhook is told once', async () => {
    options.HEARTH_DEFERRED_REPEAT_UNCERTAIN = 'false';
    const calls = await campaign('once', 12, 36);
    for (const call of calls) {
      assert.ok(call.asked() <= 1, `${call.text} was asked ${call.asked()} times`);
      if (call.status === 'done') assert.equal(call.asked(), 1, call.text);
      else assert.match(`${call.status}: ${call.error}`, /^failed: .*may have been answered and charged for/);
    }
    assert.ok(calls.some((call) => call.status === 'done'));
  });

  test('where repeating is allowed, each call is answered', async () => {
    options.HEARTH_DEFERRED_REPEAT_UNCERTAIN = 'true';
    for (const call of await campaign('again', 8, 24)) {
      assert.equal(call.status, 'done', JSON.stringify(call));
      assert.ok(call.asked() >= 1 && call.asked() <= call.attempts, `${call.text} was asked ${call.asked()} times in ${call.attempts} attempts`);
    }
  });
});

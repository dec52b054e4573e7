// A full box still says how it is, and says so to those it turns away.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Box, patience, wav } from './harness.js';
import { Raw, admin, checkError, embed, engine, expectError, ocr, speak, status, transcribe, unharmed, until } from './support.js';

// Asks again and again, and tells the 99th of 100 times in ms. That they are short is for people to read: what counts
// here is that each comes although nothing that is asked of an engine ever ends.
async function times(t, what, ask, calls = 50) {
  const times = [];
  for (let i = 0; i < calls; ++i) {
    const began = performance.now();
    assert.equal(await ask(), 200);
    times.push(performance.now() - began);
  }
  t.diagnostic(`${what}: ${times.sort((a, b) => a - b)[Math.ceil(calls * 0.99) - 1].toFixed(1)} ms`);
}

const page = (width, height) => Buffer.concat([Buffer.from(`P4\n${width} ${height}\n`), Buffer.alloc((width / 8) * height)]);

describe('every engine busy, every queue full, 400 connections', () => {
  let box;
  const idle = [];
  const leave = new AbortController();
  let busy;
  before(async () => {
    // Places and queues as on a machine with two cores, whatever this one has.
    const places = { HEARTH_ENGINES_OCR_CONCURRENCY: '2', HEARTH_ENGINES_TRANSCRIBE_CONCURRENCY: '2', HEARTH_ENGINES_EMBED_CONCURRENCY: '2' };
    box = await Box.start([], { ...places, HEARTH_ENGINES_OCR_QUEUE: '2', HEARTH_ENGINES_TRANSCRIBE_QUEUE: '2', HEARTH_ENGINES_EMBED_QUEUE: '200' });
    for (const answer of await Promise.all([embed(box), transcribe(box, wav(0.2)), ocr(box, 'image/x-portable-bitmap', page(64, 64)), speak(box, 'one')])) {
      assert.equal(answer.status, 200);
      await answer.arrayBuffer();
    }
    for (const name of ['ocr', 'transcribe', 'embed']) process.kill((await engine(box, name)).pid, 'SIGSTOP'); // busy for as long as the test wants
    idle.push(...(await Promise.all(Array.from({ length: 300 }, () => Raw.open(box.url)))));
    const quietly = (answer) => answer.then((a) => ({ status: a.status, retryAfter: a.headers.get('retry-after'), answer: a }), (error) => ({ error }));
    const options = { signal: leave.signal };
    busy = [
      ...Array.from({ length: 40 }, () => embed(box, 'x', options)),
      ...Array.from({ length: 30 }, () => transcribe(box, wav(0.2), {}, options)),
      ...Array.from({ length: 30 }, () => ocr(box, 'image/x-portable-bitmap', page(64, 64), options)),
    ].map(quietly);
    await until(async () => {
      const { engines } = await status(box);
      const at = (name) => engines.find((e) => e.name === name);
      return at('transcribe').queued === 2 && at('embed').queued > 0 && at('ocr').queued === 2;
    }, 'the queues are full');
  });
  after(async () => {
    for (const raw of idle) raw.destroy();
    const end = await box?.stop();
    assert.deepEqual(end, { code: 0, signal: null }, box?.log.slice(-2000));
  });

  test('/healthz and /readyz answer all the same', async (t) => {
    for (const path of ['/healthz', '/readyz']) {
      await times(t, path, async () => {
        const answer = await fetch(`${box.url}${path}`, { signal: AbortSignal.timeout(patience) });
        await answer.text();
        return answer.status;
      });
    }
  });
  test('so does the admin socket', async (t) => {
    for (const path of ['/healthz', '/readyz', '/admin/status', '/metrics']) await times(t, `${path} on the admin socket`, async () => (await admin(box, path)).status, 30);
  });
  test('and nothing that was asked of an engine has ended meanwhile', async () => {
    const { engines } = await status(box);
    for (const name of ['transcribe', 'embed', 'ocr']) assert.equal(engines.find((e) => e.name === name).in_flight, 2, name);
  });
  test('a full queue turns away with 429 and a time to come back', async () => {
    const answer = await transcribe(box, wav(0.2));
    assert.ok(Number(answer.headers.get('retry-after')) >= 1);
    await expectError(answer, 429, 'queue_full');
  });
  test('what does not need the busy engines goes on', async () => {
    const spoken = await speak(box, 'one', { response_format: 'wav' });
    assert.equal(spoken.status, 200);
    assert.ok((await spoken.arrayBuffer()).byteLength > 1000);
  });
  test('when the load is gone, so is its trace', async () => {
    leave.abort();
    for (const name of ['ocr', 'transcribe', 'embed']) process.kill((await engine(box, name)).pid, 'SIGCONT');
    for (const one of await Promise.all(busy)) assert.ok(one.error || [200, 429].includes(one.status), String(one.status));
    for (const raw of idle.splice(0)) raw.destroy();
    await unharmed(box);
  });
});

describe('more connections than server.connections', () => {
  let box;
  const open = [];
  before(async () => {
    box = await Box.start([], { HEARTH_SERVER_CONNECTIONS: '20' });
  });
  after(async () => {
    for (const raw of open) raw.destroy();
    const end = await box?.stop();
    assert.deepEqual(end, { code: 0, signal: null }, box?.log.slice(-2000));
  });
  test('503 with Retry-After, and health all the same', async () => {
    open.push(...(await Promise.all(Array.from({ length: 40 }, () => Raw.open(box.url)))));
    const host = new URL(box.url).host;
    const request = (path) => `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nx-api-key: ${box.key}\r\n\r\n`;
    await open[39].send(request('/v1/models'));
    const refused = await open[39].response();
    const error = checkError(refused.status, refused.body, 503, 'service_unavailable');
    assert.match(error.message, /server\.connections/);
    assert.ok(Number(refused.headers['retry-after']) >= 1);
    await open[39].gone();
    await open[38].send(request('/healthz'));
    assert.equal((await open[38].response()).status, 200);
    await open[0].send(request('/v1/models'));
    assert.equal((await open[0].response()).status, 200);
    for (const raw of open.splice(0)) raw.destroy();
    await until(async () => (await embed(box)).status === 200, 'there is room again');
    await unharmed(box);
  });
  test('far more than that are closed, and the box goes on', async () => {
    const many = await Promise.allSettled(Array.from({ length: 400 }, () => Raw.open(box.url)));
    for (const one of many) if (one.status === 'fulfilled') open.push(one.value);
    assert.equal((await admin(box, '/healthz')).status, 200);
    for (const raw of open.splice(0)) raw.destroy();
    await until(async () => (await embed(box)).status === 200, 'there is room again');
    await unharmed(box);
  });
});

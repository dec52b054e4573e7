// Engines that die, hang and come back under load: only what was in flight on them may fail, soon and clearly.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { Box, dataUrl, wav } from './harness.js';
import { checkError, embed, engine, freeze, json, ocr, speak, status, transcribe, unharmed, until } from './support.js';

const names = ['embed', 'speech', 'transcribe', 'ocr', 'vision', 'media'];
let box;
before(async () => {
  const queue = '200'; // nobody is turned away here
  box = await Box.start([], Object.fromEntries(names.map((name) => [`HEARTH_ENGINES_${name.toUpperCase()}_QUEUE`, queue])));
});
after(async () => {
  const end = await box?.stop();
  assert.deepEqual(end, { code: 0, signal: null }, box?.log.slice(-2000));
});

const sound = wav(0.2);
const page = pbm(160, 48);
const requests = {
  embeddings: { ask: () => embed(box, 'one of two hundred'), uses: ['embed'] },
  speech: { ask: () => speak(box, 'one', { response_format: 'wav' }), uses: ['speech', 'media'] },
  transcription: { ask: () => transcribe(box, sound), uses: ['transcribe', 'media'] },
  ocr: { ask: () => ocr(box, 'image/x-portable-bitmap', page), uses: ['ocr', 'media'] },
  detection: { ask: () => json(box, '/v1/images/detections', { image: dataUrl('image/x-portable-bitmap', page) }), uses: ['vision', 'media'] },
};
const killed = [];

// A white picture: the least work there is for an OCR engine.
function pbm(width, height) {
  return Buffer.concat([Buffer.from(`P4\n${width} ${height}\n`), Buffer.alloc((width / 8) * height)]);
}

// One request to its end: when it ended, and how.
async function outcome(kind) {
  const result = { kind };
  try {
    const answer = await requests[kind].ask();
    result.status = answer.status;
    result.retryAfter = answer.headers.get('retry-after');
    result.body = new Uint8Array(await answer.arrayBuffer());
  } catch (error) {
    result.broken = error; // the stream was cut: a failure that the client sees
  }
  result.at = performance.now();
  return result;
}

const warm = async () => {
  const all = await Promise.all(Object.keys(requests).map(outcome));
  for (const one of all) assert.equal(one.status, 200, `${one.kind}: ${Buffer.from(one.body ?? []).toString().slice(0, 300)}`);
};
// What was killed lives on until the kernel comes to it.
const gone = (pid) => readFile(`/proc/${pid}/stat`, 'utf8').then((line) => /\) [ZX] /.test(line), () => true);
const ready = (name) => until(async () => (await engine(box, name)).state === 'ready', `${name} is ready`);

describe('kill -9 during 200 concurrent requests', () => {
  before(warm);
  for (const name of names) {
    test(`of ${name}`, async (t) => {
      await ready(name);
      const { pid } = await engine(box, name);
      await freeze(pid); // so that some are certainly in flight when it dies
      const kinds = [...Array(90).fill('embeddings'), ...Array(30).fill('speech'), ...Array(30).fill('transcription'), ...Array(30).fill('ocr'), ...Array(20).fill('detection')];
      const asked = kinds.map(outcome);
      // All its places are taken, and then nothing changes until it dies.
      await until(async () => (await engine(box, name)).in_flight > 0, `${name} has work`);
      const inFlight = (await engine(box, name)).slots;
      const at = performance.now();
      process.kill(pid, 'SIGKILL');
      killed.push(name);
      const all = await Promise.all(asked);
      const failed = all.filter((one) => one.status !== 200);
      // The aim is 2 s; shown, not asserted, because a machine may stand still for longer.
      const slowest = Math.max(0, ...failed.map((one) => one.at - at));
      t.diagnostic(`${failed.length} of ${all.length} failed, the slowest was told ${slowest.toFixed(0)} ms after the kill`);
      assert.ok(failed.length <= inFlight, `${failed.length} failed, ${inFlight} were in flight: ${JSON.stringify(failed.map((f) => [f.kind, f.status, f.broken?.message]))}`);
      for (const one of failed) {
        assert.ok(requests[one.kind].uses.includes(name), `${one.kind} failed: ${one.status} ${one.broken ?? Buffer.from(one.body)}`);
        // Not when its time was up: that would be 504, and for streams, which just break, minutes later.
        if (one.broken) {
          assert.ok(one.at - at < 60_000, `it broke after ${one.at - at} ms`);
          continue;
        }
        checkError(one.status, one.body, 503, ['engine_unavailable', 'service_unavailable']);
        assert.ok(Number(one.retryAfter) >= 1, 'Retry-After');
      }
      // It comes back by itself: the next request finds a new process.
      await warm();
      const now = await engine(box, name);
      assert.notEqual(now.pid, pid);
      assert.equal(now.state, 'ready');
      await unharmed(box, { killed });
    });
  }
});

describe('one engine, one fault', () => {
  test('killed while idle: the next request is served', async () => {
    const { pid } = await engine(box, 'embed');
    process.kill(pid, 'SIGKILL');
    killed.push('embed');
    await until(() => gone(pid), 'the engine is dead'); // whether the box has noticed yet is another matter
    assert.equal((await embed(box)).status, 200);
    await until(async () => (await engine(box, 'embed')).pid !== pid, 'another process');
    await unharmed(box, { killed });
  });
  test('stopped and continued: slow is not broken', async () => {
    await ready('embed');
    const before = await engine(box, 'embed');
    await freeze(before.pid);
    let answered = false;
    const asked = embed(box).then((answer) => ((answered = true), answer));
    await until(async () => (await engine(box, 'embed')).in_flight === 1, 'the request is in flight');
    assert.equal(answered, false);
    assert.equal((await fetch(`${box.url}/healthz`)).status, 200);
    process.kill(before.pid, 'SIGCONT');
    assert.equal((await asked).status, 200);
    const after = await engine(box, 'embed');
    assert.equal(after.pid, before.pid);
    assert.equal(after.restarts, before.restarts);
  });

  // Spoken slowly, it is more sound than all buffers on its way hold: the box cannot be done with it before it is read.
  const long = 'A sentence that takes its time to be said. '.repeat(90);
  const sayIt = (format) => speak(box, long, { response_format: 'wav', speed: 0.25, ...format });
  for (const name of ['speech', 'media']) {
    test(`${name} killed midway of a stream of bytes: the stream breaks, it does not end`, async () => {
      await warm();
      const { pid } = await engine(box, name);
      const answer = await sayIt();
      assert.equal(answer.status, 200);
      const reader = answer.body.getReader();
      await reader.read();
      process.kill(pid, 'SIGKILL');
      killed.push(name);
      await assert.rejects(async () => {
        while (!(await reader.read()).done);
      });
      await warm();
      await unharmed(box, { killed });
    });
    test(`${name} killed midway of a stream of events: an error event is the last`, async () => {
      await warm();
      const { pid } = await engine(box, name);
      const answer = await sayIt({ stream_format: 'sse' });
      assert.equal(answer.status, 200);
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      let text = (await reader.read()).value;
      process.kill(pid, 'SIGKILL');
      killed.push(name);
      for (let part = await reader.read(); !part.done; part = await reader.read()) text += part.value;
      const last = text.trimEnd().split('\n\n').at(-1);
      assert.match(last, /"error"/, last.slice(0, 200));
      checkError(503, Buffer.from(last.slice(last.indexOf('{'))), 503, 'engine_unavailable');
      assert.doesNotMatch(text, /speech\.audio\.done/);
      await warm();
      await unharmed(box, { killed });
    });
  }
  test('the box counts what failed and what it restarted', async () => {
    const now = await status(box);
    for (const name of new Set(killed)) assert.ok(now.engines.find((e) => e.name === name).restarts > 0, name);
    const answer = await json(box, '/v1/models', undefined, { method: 'GET', body: undefined });
    assert.equal(answer.status, 200);
  });
});

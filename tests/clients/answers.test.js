// Not paying twice (docs/caching.md): the cache, calls that are followed, Idempotency-Key, through the official `openai`
// package and a provider that counts what it is asked, and what gives each of its answers a number of its own.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import OpenAI from 'openai';
import { Box } from './harness.js';
import { admin, status, until } from './support.js';

// Answers chat. By the last message's text it keeps what it was asked, and it does what its script says of that text.
class Counter {
  static async start() {
    const counter = new Counter();
    counter.calls = new Map(); // text → [{ aborted, done }]
    counter.scripts = new Map(); // text → async (write) => …; write(piece) sends it
    counter.number = 0;
    counter.server = createServer((request, response) => counter.answer(request, response).catch((error) => response.destroy(error)));
    await new Promise((resolve) => counter.server.listen(0, '127.0.0.1', resolve));
    counter.url = `http://127.0.0.1:${counter.server.address().port}/v1`;
    return counter;
  }

  async answer(request, response) {
    const parts = [];
    for await (const part of request) parts.push(part);
    const asked = JSON.parse(Buffer.concat(parts));
    const text = asked.messages.at(-1).content;
    const call = { aborted: false, done: false };
    this.calls.set(text, [...(this.calls.get(text) ?? []), call]);
    response.on('close', () => (call.aborted = !call.done));
    const words = ['answer', ' number', ` ${++this.number}`];
    const script = this.scripts.get(text) ?? (async () => {});
    const end = (body) => ((call.done = true), response.end(body));
    if ((await script('before', response)) === 'answered') return end();
    const usage = { prompt_tokens: 5, completion_tokens: 3, total_tokens: 8 };
    const head = { id: `chatcmpl-${this.number}`, created: 1, model: asked.model };
    if (!asked.stream) {
      response.setHeader('Content-Type', 'application/json');
      const choices = [{ index: 0, message: { role: 'assistant', content: words.join('') }, finish_reason: 'stop' }];
      return end(JSON.stringify({ ...head, object: 'chat.completion', choices, usage }));
    }
    response.setHeader('Content-Type', 'text/event-stream');
    const event = (more) => response.write(`data: ${JSON.stringify({ ...head, object: 'chat.completion.chunk', ...more })}\n\n`);
    for (const [i, content] of words.entries()) {
      event({ choices: [{ index: 0, delta: i === 0 ? { role: 'assistant', content } : { content }, finish_reason: null }] });
      await script(`piece ${i}`, response);
    }
    event({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] });
    event({ choices: [], usage });
    end('data: [DONE]\n\n');
  }

  count(text) {
    return this.calls.get(text)?.length ?? 0;
  }

  // Holds calls for `text` at `where` until the returned function is called.
  hold(text, where = 'before') {
    let open;
    const gate = new Promise((resolve) => (open = resolve));
    this.scripts.set(text, async (at) => at === where && (await gate));
    return open;
  }
}

let counter;
let box;
let client;
const headersOf = (more = {}) => ({ Authorization: `Bearer ${box.key}`, 'Content-Type': 'application/json', ...more });
const bodyOf = (text, more = {}) => JSON.stringify({ model: 'counted', temperature: 0, messages: [{ role: 'user', content: text }], ...more });
// The answer's bytes, its source and its status, without an SDK in between.
async function ask(text, { headers = {}, signal, ...more } = {}) {
  const response = await fetch(`${box.url}/v1/chat/completions`, { method: 'POST', headers: headersOf(headers), body: bodyOf(text, more), signal });
  return { status: response.status, source: response.headers.get('x-hearth-answer'), retry: response.headers.get('x-should-retry'), bytes: Buffer.from(await response.arrayBuffer()).toString() };
}
const cache = async () => JSON.parse((await admin(box, '/admin/cache')).text);
const codeOf = (answer) => JSON.parse(answer.bytes).error.code;
const chat = (text, more = {}, options = {}) => client.chat.completions.create({ model: 'counted', temperature: 0, messages: [{ role: 'user', content: text }], ...more }, options);
const restart = async () => {
  const { data, key } = box;
  box.process.kill('SIGKILL');
  await box.exited;
  box = await Box.start([], { HEARTH_CACHE_ENABLED: 'true' }, data);
  box.key = key;
  client = new OpenAI({ apiKey: key, baseURL: `${box.url}/v1`, maxRetries: 0 });
};

before(async () => {
  counter = await Counter.start();
  const data = await mkdtemp(join(tmpdir(), 'hearth-test-'));
  const provider = `providers:\n  counter:\n    url: ${counter.url}\n    sees: secret\n    models: [counted]\n    concurrency: 500\n`;
  await writeFile(join(data, 'hearth.yaml'), provider);
  box = await Box.start([], { HEARTH_CACHE_ENABLED: 'true' }, data);
  client = new OpenAI({ apiKey: box.key, baseURL: `${box.url}/v1`, maxRetries: 0 });
});
after(async () => {
  const end = await box?.stop();
  counter?.server.closeAllConnections();
  counter?.server.close();
  assert.deepEqual(end, { code: 0, signal: null }, box?.log.slice(-2000));
});

describe('the cache', () => {
  test('the same again is answered from what is kept, to the byte', async () => {
    const first = await ask('again');
    const second = await ask('again');
    assert.equal(first.source, null);
    assert.equal(second.source, 'cache');
    assert.equal(second.bytes, first.bytes);
    assert.equal(counter.count('again'), 1);
    const told = await cache();
    assert.ok(told.hits.memory >= 1 && told.saved.output_tokens >= 3, JSON.stringify(told));
    assert.match(await box.hearth('cache'), /lookups found their answer/);
  });
  test('a stream is another answer, and is replayed as it came', async () => {
    await ask('streamed');
    const first = await ask('streamed', { stream: true });
    const second = await ask('streamed', { stream: true });
    assert.equal(counter.count('streamed'), 2);
    assert.equal(second.source, 'cache');
    assert.equal(second.bytes, first.bytes);
    assert.match(second.bytes, /\[DONE\]/);
    const words = [];
    for await (const chunk of await chat('streamed', { stream: true })) words.push(chunk.choices[0]?.delta.content ?? '');
    assert.match(words.join(''), /^answer number \d+$/);
    assert.equal(counter.count('streamed'), 2);
  });
  test('the same last turn in another context, of another key, or random is asked for anew', async () => {
    const turn = { role: 'user', content: 'continue' };
    const others = [
      { messages: [turn] },
      { messages: [{ role: 'system', content: 'a' }, turn] },
      { messages: [{ role: 'user', content: 'a' }, { role: 'assistant', content: 'b' }, turn] },
      { messages: [turn], tools: [{ type: 'function', function: { name: 'f', parameters: {} } }] },
      { messages: [turn], max_tokens: 7 },
      { messages: [turn], user: 'someone' },
      { messages: [turn], temperature: 0.5 },
      { messages: [turn], temperature: 0.5 },
      { messages: [turn], n: 2 },
      { messages: [turn], n: 2 },
    ];
    for (const other of others) assert.equal((await ask('continue', other)).source, null, JSON.stringify(other));
    const { key } = box;
    box.key = (await box.hearth('keys', 'new', 'other', '--quiet')).trim();
    assert.equal((await ask('continue', others[0])).source, null);
    box.key = key;
    assert.equal(counter.count('continue'), others.length + 1);
    assert.equal((await ask('continue', others[0])).source, 'cache');
  });
  test('a request says what may be kept', async () => {
    const controlled = (control) => ask('control', { headers: { 'Cache-Control': control } });
    await controlled('no-store');
    assert.equal((await ask('control')).source, null); // nothing was kept
    assert.equal((await controlled('no-store')).source, null);
    assert.equal((await controlled('no-cache')).source, null);
    assert.equal((await controlled('max-age=0')).source, null);
    assert.equal((await controlled('max-age=1000')).source, 'cache');
    assert.equal(counter.count('control'), 5);
  });
  test('nothing secret is kept', async () => {
    const secret = () => ask('secret', { headers: { 'x-hearth-data-class': 'secret' } });
    await secret();
    assert.equal((await secret()).source, null);
    assert.equal(counter.count('secret'), 2);
  });
  test('a failure is not kept, and neither is a stream that broke off', async () => {
    counter.scripts.set('fails', async (at, response) => at === 'before' && ((response.statusCode = 400), response.write('{"error":{"message":"bad","type":"invalid_request_error"}}'), 'answered'));
    assert.equal((await ask('fails')).status, 400);
    counter.scripts.delete('fails');
    assert.equal((await ask('fails')).source, null);
    counter.scripts.set('breaks', async (at, response) => at === 'piece 1' && response.destroy());
    assert.match((await ask('breaks', { stream: true })).bytes, /error/);
    counter.scripts.delete('breaks');
    const whole = await ask('breaks', { stream: true });
    assert.equal(whole.source, null);
    assert.match(whole.bytes, /\[DONE\]/);
  });
  test('an engine is asked once for 100 times the same text', async () => {
    const served = async () => (await box.engine('embed')).served;
    const embed = () => client.embeddings.create({ model: 'auto', input: 'a hundred times' });
    await client.embeddings.create({ model: 'auto', input: 'the engine is up' });
    const earlier = await served();
    const answers = await Promise.all(Array.from({ length: 100 }, embed));
    for (const answer of answers) assert.deepEqual(answer.data, answers[0].data);
    assert.equal((await served()) - earlier, 1);
  });
  test('clearing forgets', async () => {
    await ask('forgotten');
    assert.match(await box.hearth('cache', 'clear'), /empty/);
    assert.equal((await ask('forgotten')).source, null);
  });
  test('it outlives the box', async () => {
    await box.hearth('cache', 'clear'); // then what is on the disk is this one
    const first = await ask('kept');
    await until(async () => (await cache()).disk.answers === 1, 'the answer is on the disk');
    await restart();
    await until(async () => (await ask('kept')).source === 'cache', 'the cache has read its file');
    assert.equal((await ask('kept')).bytes, first.bytes);
  });
});

describe('the same call at the same time', () => {
  test('100 clients with one prompt are one call', async () => {
    const open = counter.hold('together');
    const all = Promise.all(Array.from({ length: 100 }, () => chat('together')));
    await until(async () => (await status(box)).requests.in_flight >= 100, 'all have come');
    open();
    const answers = await all;
    for (const answer of answers) assert.equal(answer.choices[0].message.content, answers[0].choices[0].message.content);
    assert.equal(counter.count('together'), 1);
  });
  test('who comes late to a stream gets what has been said, and follows', async () => {
    const open = counter.hold('late', 'piece 1');
    const early = ask('late', { stream: true });
    await until(() => counter.count('late') === 1, 'the first is under way');
    const late = Array.from({ length: 5 }, () => ask('late', { stream: true }));
    await until(async () => (await status(box)).requests.in_flight >= 6, 'all have come');
    open();
    const first = await early;
    assert.match(first.bytes, /\[DONE\]/);
    for (const answer of await Promise.all(late)) assert.equal(answer.bytes, first.bytes);
    assert.equal(counter.count('late'), 1);
  });
  test('it goes on when the first leaves, and ends when the last has left', async () => {
    for (const stay of [true, false]) {
      const text = `leaving ${stay}`;
      const open = counter.hold(text);
      const { joined } = await cache();
      const leader = new AbortController();
      const follower = new AbortController();
      const first = ask(text, { signal: leader.signal }).catch((error) => error);
      await until(() => counter.count(text) === 1, 'the first is under way');
      const second = ask(text, { signal: follower.signal }).catch((error) => error);
      await until(async () => (await cache()).joined > joined, 'the second follows');
      leader.abort();
      await first;
      if (stay) {
        open();
        assert.match((await second).bytes, /answer number/);
        assert.equal(counter.calls.get(text)[0].aborted, false);
      } else {
        follower.abort();
        await second;
        await until(() => counter.calls.get(text)[0].aborted, 'the provider is told');
        open();
      }
      assert.equal(counter.count(text), 1);
    }
  });
  test('all are told of a failure', async () => {
    let open;
    const gate = new Promise((resolve) => (open = resolve));
    counter.scripts.set('all fail', async (at, response) => (await gate, (response.statusCode = 400), response.write('{"error":{"message":"no such thing","type":"invalid_request_error"}}'), 'answered'));
    const all = Promise.all(Array.from({ length: 10 }, () => ask('all fail')));
    await until(async () => (await status(box)).requests.in_flight >= 10, 'all have come');
    open();
    for (const answer of await all) {
      assert.equal(answer.status, 400);
      assert.match(answer.bytes, /no such thing/);
    }
    assert.equal(counter.count('all fail'), 1);
  });
  test('an SDK that tries again gets the call it left, also a random one', async () => {
    const open = counter.hold('impatient');
    const { joined } = await cache();
    const impatient = chat('impatient', { temperature: 1 }, { timeout: 1000, maxRetries: 5 });
    await until(async () => (await cache()).joined > joined, 'it has left, and come back');
    open();
    assert.match((await impatient).choices[0].message.content, /answer number/);
    assert.equal(counter.count('impatient'), 1);
  });
  test('two random calls at once stay two', async () => {
    const open = counter.hold('random');
    const one = () => chat('random', { temperature: 1 });
    const both = Promise.all([one(), one()]);
    await until(() => counter.count('random') === 2, 'both are under way');
    open();
    const [a, b] = await both;
    assert.notEqual(a.choices[0].message.content, b.choices[0].message.content);
  });
});

describe('Idempotency-Key', () => {
  const once = (text, key, more = {}) => ask(text, { temperature: 1, ...more, headers: { 'Idempotency-Key': key, ...more.headers } });

  test('the same key gets the same answer, and is asked for once', async () => {
    const key = randomUUID();
    const open = counter.hold('once');
    const both = [once('once', key), once('once', key)];
    await until(() => counter.count('once') === 1, 'it is under way');
    open();
    const [a, b] = await Promise.all(both);
    assert.equal(a.bytes, b.bytes);
    const again = await once('once', key);
    assert.equal(again.source, 'replayed');
    assert.equal(again.bytes, a.bytes);
    assert.equal(counter.count('once'), 1);
    assert.equal((await once('once', randomUUID())).source, null);
  });
  test('a stream is replayed as a stream', async () => {
    const key = randomUUID();
    const first = await once('once streamed', key, { stream: true });
    const again = await once('once streamed', key, { stream: true });
    assert.equal(again.bytes, first.bytes);
    assert.equal(counter.count('once streamed'), 1);
  });
  test('another request under it is refused, and so is what is no key', async () => {
    const key = randomUUID();
    await once('one', key);
    const other = await once('another', key);
    assert.equal(other.status, 422);
    assert.equal(codeOf(other), 'idempotency_key_reused');
    assert.equal(other.retry, 'false');
    assert.equal(counter.count('another'), 0);
    assert.equal((await once('one', 'two words')).status, 400);
    assert.equal((await once('one', 'x'.repeat(256))).status, 400);
  });
  test('what failed before it was worked on may be sent again', async () => {
    const key = randomUUID();
    counter.scripts.set('busy', async (at, response) => at === 'before' && ((response.statusCode = 400), response.write('{"error":{"message":"not now"}}'), 'answered'));
    assert.equal((await once('busy', key)).status, 400);
    counter.scripts.delete('busy');
    assert.equal((await once('busy', key)).status, 200);
    assert.equal(counter.count('busy'), 2);
  });
  test('it goes on without its client, who finds the answer when he comes back', async () => {
    const key = randomUUID();
    const open = counter.hold('comes back');
    const leaving = new AbortController();
    const left = once('comes back', key, { signal: leaving.signal }).catch((error) => error);
    await until(() => counter.count('comes back') === 1, 'it is under way');
    leaving.abort();
    await left;
    open();
    await until(() => counter.calls.get('comes back')[0].done, 'it was answered');
    const back = await once('comes back', key);
    assert.match(back.bytes, /answer number/);
    assert.equal(counter.count('comes back'), 1);
  });
  test('an answer that was given outlives the box; one that was lost is not paid for again by itself', async () => {
    const [answered, lost] = [randomUUID(), randomUUID()];
    const first = await once('answered', answered);
    const open = counter.hold('lost');
    const cut = once('lost', lost).catch((error) => error);
    await until(() => counter.count('lost') === 1, 'it was sent');
    await restart();
    await cut;
    open();
    const again = await once('answered', answered);
    assert.equal(again.source, 'replayed');
    assert.equal(again.bytes, first.bytes);
    const refused = await once('lost', lost);
    assert.equal(refused.status, 409);
    assert.equal(codeOf(refused), 'answer_lost');
    assert.equal(refused.retry, 'false');
    assert.equal(counter.count('lost'), 1);
    const wanted = await once('lost', lost, { headers: { 'x-hearth-idempotency': 'rerun' } });
    assert.equal(wanted.status, 200);
    assert.equal(counter.count('lost'), 2);
    assert.equal((await once('lost', lost)).bytes, wanted.bytes);
  });
  test('killed at any moment: never sent twice, and whoever was answered is answered the same again', async () => {
    const keys = Array.from({ length: 40 }, (_, i) => ({ text: `round ${i}`, key: randomUUID(), bytes: new Set() }));
    const askAll = (some) =>
      Promise.all(
        some.map(async (entry) => {
          const answer = await once(entry.text, entry.key).catch(() => null); // null: the box was killed
          if (answer?.status === 200) entry.bytes.add(answer.bytes);
          else if (answer) assert.ok(answer.status === 409 && entry.bytes.size === 0, `${answer.status} ${answer.bytes}`);
        }),
      );
    const sent = () => keys.filter(({ text }) => counter.count(text) > 0).length;
    const answered = () => keys.filter(({ bytes }) => bytes.size > 0).length;
    for (let round = 0; round < 8; ++round) {
      const enough = round % 2 === 0 ? sent : answered;
      const wanted = enough() + 1 + (round % 4);
      const calls = askAll(keys.slice(0, 5 * (round + 1))); // five new ones, and all from before
      let over = false;
      calls.finally(() => (over = true)).catch(() => {}); // looked at below
      // Until so many more were sent or answered, or all have ended: where each is then differs.
      await until(() => over || enough() >= wanted, 'some are so far');
      await restart();
      await calls;
    }
    await askAll(keys);
    for (const { text, bytes } of keys) {
      assert.ok(counter.count(text) <= 1, `${text} was sent ${counter.count(text)} times`);
      assert.ok(bytes.size <= 1, `${text} got ${bytes.size} different answers`);
    }
    assert.ok(answered() >= 8, `only ${answered()} were answered`);
  });
});

// Language models behind llama.cpp's own server, in its pack, through the official `openai` package: what the engine can
// do reaches the client unchanged. The models are of the tests' own making: after every prompt the language model says one
// sentence, so an answer can be checked to the letter.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import OpenAI from 'openai';
import { Box } from './harness.js';
import { admin, embed, json, status, until } from './support.js';

const kSentence = 'Every evening the small kettle sings and our old cat dreams by its warm hearth.';

let box;
let client;
let uncheckedClient; // for streams that do not end: holding one against the document means reading all of it
before(async () => {
  box = await Box.withModels({
    tiny: ['llama', 'context=2048'],
    endless: ['llama', 'endless=1', 'context=32768'],
    encoder: ['bert', 'pooling=1'],
    ranker: ['bert', 'pooling=4'],
  });
  const options = { apiKey: box.key, baseURL: `${box.url}/v1`, maxRetries: 0 };
  client = new OpenAI({ ...options, fetch: box.fetch });
  uncheckedClient = new OpenAI(options);
});
after(async () => {
  const end = await box?.stop();
  assert.deepEqual(end, { code: 0, signal: null }, box?.log.slice(-2000));
  assert.deepEqual(box.contract.violations, []);
});

const messages = [{ role: 'user', content: 'What happens every evening?' }];
const chat = (extra = {}) => client.chat.completions.create({ model: 'tiny', messages, temperature: 0, ...extra });
const engine = async (model) => (await status(box)).engines.find((e) => e.models.includes(model));

describe('chat', () => {
  test('the model is listed, and its engine starts with the first request', async () => {
    const model = await client.models.retrieve('tiny');
    assert.equal(model.task, 'chat');
    assert.equal((await engine('tiny')).state, 'stopped');
    const answer = await chat();
    assert.equal(answer.choices[0].message.content.trim(), kSentence);
    assert.equal(answer.choices[0].finish_reason, 'stop');
    assert.equal(answer.model, 'tiny');
    assert.ok(answer.usage.prompt_tokens > 0 && answer.usage.completion_tokens > 10);
    assert.equal(answer.usage.total_tokens, answer.usage.prompt_tokens + answer.usage.completion_tokens);
    assert.equal((await engine('tiny')).state, 'ready');
  });
  test('streams word by word; usage comes when it is asked for, and only then', async () => {
    const words = [];
    let last;
    for await (const chunk of await chat({ stream: true, stream_options: { include_usage: true } })) {
      if (chunk.choices[0]?.delta.content) words.push(chunk.choices[0].delta.content);
      last = chunk;
    }
    assert.equal(words.join('').trim(), kSentence);
    assert.ok(words.length > 10, `${words.length} pieces`);
    assert.equal(last.choices.length, 0);
    assert.ok(last.usage.completion_tokens > 10);
    for await (const chunk of await chat({ stream: true })) assert.equal(chunk.usage ?? null, null);
  });
  test('max_tokens, stop and n', async () => {
    const short = await chat({ max_tokens: 3 });
    assert.equal(short.choices[0].finish_reason, 'length');
    assert.equal(short.choices[0].message.content.trim(), 'Every evening the');
    const stopped = await chat({ stop: [' kettle'] });
    assert.equal(stopped.choices[0].message.content.trim(), 'Every evening the small');
    assert.equal((await chat({ n: 2 })).choices.length, 2);
  });
  test('logprobs', async () => {
    const { choices } = await chat({ max_tokens: 2, logprobs: true, top_logprobs: 3 });
    const [first] = choices[0].logprobs.content;
    assert.equal(first.token.trim(), 'Every');
    assert.equal(first.top_logprobs.length, 3);
    assert.ok(first.logprob <= 0 && first.logprob >= first.top_logprobs[1].logprob);
  });
  test('tools', async () => {
    const tools = [{ type: 'function', function: { name: 'light', description: 'Switch the light', parameters: { type: 'object', properties: { on: { type: 'boolean' } }, required: ['on'] } } }];
    const ask = { tools, tool_choice: 'required', parallel_tool_calls: false };
    const { choices } = await chat(ask);
    const [call] = choices[0].message.tool_calls;
    assert.equal(choices[0].finish_reason, 'tool_calls');
    assert.equal(call.function.name, 'light');
    assert.equal(typeof JSON.parse(call.function.arguments).on, 'boolean');
    let streamed = '';
    for await (const chunk of await chat({ ...ask, stream: true })) streamed += chunk.choices[0]?.delta.tool_calls?.[0]?.function?.arguments ?? '';
    assert.deepEqual(JSON.parse(streamed), JSON.parse(call.function.arguments));
  });
  test('JSON schema', async () => {
    const schema = { type: 'object', properties: { mood: { enum: ['warm', 'cold'] } }, required: ['mood'], additionalProperties: false };
    const answer = await chat({ response_format: { type: 'json_schema', json_schema: { name: 'mood', schema, strict: true } } });
    assert.ok(['warm', 'cold'].includes(JSON.parse(answer.choices[0].message.content).mood), answer.choices[0].message.content);
  });
  test("the engine's own sentence about a wrong request comes through", async () => {
    await assert.rejects(chat({ response_format: { type: 'json_schema', json_schema: { name: 'x', schema: { type: 'nonsense' } } } }), (error) => {
      assert.equal(error.status, 400);
      assert.equal(error.code, 'invalid_request');
      assert.match(error.message, /nonsense|schema|grammar/i);
      return true;
    });
    const long = [{ role: 'user', content: 'evening '.repeat(6000) }];
    await assert.rejects(chat({ messages: long }), (error) => error.status === 400 && error.code === 'context_length_exceeded' && /context/.test(error.message));
  });
  test('a client that leaves a stream ends the work', async () => {
    const leave = new AbortController();
    const stream = await uncheckedClient.chat.completions.create({ model: 'endless', messages, stream: true }, { signal: leave.signal });
    let pieces = 0;
    try {
      for await (const chunk of stream) if (chunk && ++pieces === 5) leave.abort();
    } catch (error) {
      assert.equal(error.constructor.name, 'APIUserAbortError');
    }
    assert.ok(pieces < 1000, 'it ended when it was left');
    assert.ok(pieces >= 5);
    await until(async () => (await engine('endless')).in_flight === 0, 'the engine is free again');
  });
  test('an engine that dies midway ends the stream with an error, and comes back', async () => {
    const stream = await uncheckedClient.chat.completions.create({ model: 'endless', messages, stream: true });
    let pieces = 0;
    await assert.rejects(
      async () => {
        for await (const chunk of stream) if (chunk.choices.length && ++pieces === 3) process.kill((await engine('endless')).pid, 'SIGKILL');
      },
      (error) => {
        assert.match(error.message, /broke off/);
        return true;
      },
    );
    const { choices } = await client.chat.completions.create({ model: 'endless', messages, max_tokens: 2 });
    assert.equal(choices[0].finish_reason, 'length');
  });
  test('many at once share the engine', async () => {
    const answers = await Promise.all(Array.from({ length: 12 }, () => chat()));
    for (const { choices } of answers) assert.equal(choices[0].message.content.trim(), kSentence);
  });
  test('what was said is in no log', async () => {
    await chat({ messages: [{ role: 'user', content: 'a-secret-nobody-may-read' }] });
    const logs = await admin(box, '/admin/logs?limit=5000');
    assert.ok(!logs.text.includes('a-secret-nobody-may-read'));
    assert.ok(!box.log.includes('a-secret-nobody-may-read'));
  });
});

describe('completions', () => {
  test('go on with a text, whole and streamed', async () => {
    const answer = await client.completions.create({ model: 'tiny', prompt: 'Every evening the small', max_tokens: 2, temperature: 0 });
    assert.equal(answer.choices[0].text.trim(), 'kettle sings');
    let text = '';
    for await (const chunk of await client.completions.create({ model: 'tiny', prompt: 'Every evening the small', max_tokens: 2, temperature: 0, stream: true })) text += chunk.choices[0].text;
    assert.equal(text.trim(), 'kettle sings');
  });
});

describe('embeddings and reranking', () => {
  const cosine = (a, b) => a.reduce((sum, x, i) => sum + x * b[i], 0);
  test('a pulled encoder answers under its name', async () => {
    const { data } = await client.embeddings.create({ model: 'encoder', input: ['the old cat dreams', 'our old cat dreams', 'warm kettle sings'], encoding_format: 'float' });
    const [a, b, c] = data.map((d) => d.embedding);
    assert.equal(a.length, 64);
    assert.ok(cosine(a, b) > cosine(a, c), `${cosine(a, b)} against ${cosine(a, c)}`);
    const one = await client.embeddings.create({ model: 'encoder', input: 'the old cat dreams' }); // base64
    assert.ok(Math.abs(one.data[0].embedding[0] - a[0]) < 1e-4);
  });
  test('a reranker puts documents in order', async () => {
    const answer = await json(box, '/v1/rerank', { model: 'ranker', query: 'old cat', documents: ['the kettle', 'our old cat dreams', 'evening'] });
    assert.equal(answer.status, 200);
    const { results } = await answer.json();
    assert.deepEqual(results.map((r) => r.index).sort(), [0, 1, 2]);
    for (const { relevance_score } of results) assert.equal(typeof relevance_score, 'number');
  });
  test('a model is asked only for what it does', async () => {
    await assert.rejects(client.chat.completions.create({ model: 'encoder', messages }), (error) => error.status === 404 && error.code === 'model_not_found' && /embedding/.test(error.message));
  });
});

describe('models come and go without a restart', () => {
  test('a model that is replaced while it is asked is never unknown', async () => {
    const before = (await engine('tiny')).pid;
    const statuses = new Set();
    let over = false;
    const asking = Promise.all(
      Array.from({ length: 3 }, async () => {
        while (!over) statuses.add((await json(box, '/v1/chat/completions', { model: 'tiny', messages, max_tokens: 20 })).status);
      }),
    );
    await box.pullTiny('tiny', 'llama', 'context=2048', 'weights=f16');
    await until(async () => ((await engine('tiny'))?.pid ?? before) !== before && (await engine('tiny')).state === 'ready', 'the new one serves', 120_000);
    over = true;
    await asking;
    statuses.delete(200);
    statuses.delete(503); // with Retry-After, while one goes and the other comes
    assert.deepEqual([...statuses], []);
    assert.equal((await chat()).choices[0].message.content.trim(), kSentence);
  });
  test('a removed model is gone, the others stay', async () => {
    await chat();
    const before = await engine('tiny');
    await box.hearth('models', 'rm', 'ranker');
    await until(async () => !(await engine('ranker')), 'its engine is gone');
    const answer = await json(box, '/v1/rerank', { model: 'ranker', query: 'a', documents: ['b'] });
    assert.equal(answer.status, 404);
    assert.equal((await engine('tiny')).pid, before.pid);
    assert.equal((await embed(box)).status, 200);
  });
});

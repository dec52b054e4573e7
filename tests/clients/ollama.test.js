// Language and embedding models through Ollama's own client.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Ollama } from 'ollama';
import { Box } from './harness.js';
import { status, until } from './support.js';

const kSentence = 'Every evening the small kettle sings and our old cat dreams by its warm hearth.';

let box;
let client;
let uncheckedClient; // for streams that do not end
before(async () => {
  box = await Box.withModels({ tiny: ['llama', 'context=2048'], endless: ['llama', 'endless=1', 'context=32768'], encoder: ['bert', 'pooling=1'] });
  const options = { host: box.url, headers: { authorization: `Bearer ${box.key}` } };
  client = new Ollama({ ...options, fetch: box.fetch });
  uncheckedClient = new Ollama(options);
});
after(async () => {
  const end = await box?.stop();
  assert.deepEqual(end, { code: 0, signal: null }, box?.log.slice(-2000));
  assert.deepEqual(box.contract.violations, []);
});

const messages = [{ role: 'user', content: 'What happens every evening?' }];
const chat = (extra = {}) => client.chat({ model: 'tiny', messages, ...extra, options: { temperature: 0, num_predict: 100, ...extra.options } });
const light = { type: 'function', function: { name: 'light', description: 'Switch the light', parameters: { type: 'object', properties: { on: { type: 'boolean' } }, required: ['on'] } } };

describe('ollama', () => {
  test('lists the models, says what they can do, and which are ready', async () => {
    const names = (await client.list()).models.map((model) => model.name);
    for (const name of ['tiny', 'encoder']) assert.ok(names.includes(name), names.join());
    assert.ok((await client.show({ model: 'tiny' })).capabilities.includes('completion'));
    assert.deepEqual((await client.show({ model: 'encoder:latest' })).capabilities, ['embedding']);
    await client.generate({ model: 'tiny', prompt: '' });
    assert.ok((await client.ps()).models.some((model) => model.name === 'tiny'));
    assert.match((await client.version()).version, /^\d+\.\d+\.\d+$/);
  });
  test('says of a pulled model how large it is, what its bytes are, and what kind of model', async () => {
    const tiny = (await client.list()).models.find((model) => model.name === 'tiny');
    const [file] = (await readdir(join(box.data, 'models', 'tiny'))).filter((name) => name.endsWith('.gguf'));
    const bytes = await readFile(join(box.data, 'models', 'tiny', file));
    assert.equal(tiny.size, bytes.length);
    assert.equal(tiny.digest, createHash('sha256').update(bytes).digest('hex'));
    assert.ok(Math.abs(new Date(tiny.modified_at) - Date.now()) < 24 * 3600 * 1000, tiny.modified_at);
    assert.equal(tiny.details.format, 'gguf');
    assert.equal(tiny.details.family, 'llama');
    assert.match(tiny.details.parameter_size, /^\d+\.\d+M$/);
    assert.ok(tiny.details.quantization_level.length > 0);
    const shown = await client.show({ model: 'tiny' });
    assert.deepEqual(shown.details, tiny.details);
    assert.equal(shown.model_info['general.architecture'], 'llama');
    assert.ok(shown.model_info['general.parameter_count'] > 1000);
  });
  test('chats, whole and streamed', async () => {
    const answer = await chat({ model: 'tiny:latest' });
    assert.equal(answer.message.content.trim(), kSentence);
    assert.equal(answer.done_reason, 'stop');
    assert.ok(answer.prompt_eval_count > 0 && answer.eval_count > 10 && answer.total_duration > 0 && answer.eval_duration > 0);
    const pieces = [];
    let last;
    for await (const part of await chat({ stream: true })) {
      pieces.push(part.message.content);
      last = part;
    }
    assert.equal(pieces.join('').trim(), kSentence);
    assert.ok(pieces.length > 10 && last.done && last.eval_count > 10);
    assert.equal((await chat({ options: { num_predict: 3 } })).done_reason, 'length');
  });
  test('generates, with and without the template', async () => {
    const answer = await client.generate({ model: 'tiny', prompt: 'What happens?', system: 'Be brief.', options: { temperature: 0 } });
    assert.equal(answer.response.trim(), kSentence);
    let text = '';
    for await (const part of await client.generate({ model: 'tiny', prompt: 'Every evening the', raw: true, stream: true, options: { temperature: 0, num_predict: 5 } })) text += part.response;
    assert.ok(text.length > 0);
  });
  test('calls tools, and keeps to a schema', async () => {
    const schema = { type: 'object', properties: { mood: { enum: ['warm', 'cold'] } }, required: ['mood'], additionalProperties: false };
    assert.ok(['warm', 'cold'].includes(JSON.parse((await chat({ format: schema })).message.content).mood));
    // This model calls a tool only when it must; what it says then is checked with a result that goes back.
    const followed = await chat({ tools: [light], messages: [...messages, { role: 'assistant', content: '', tool_calls: [{ function: { name: 'light', arguments: { on: true } } }] }, { role: 'tool', content: 'It is on.', tool_name: 'light' }] });
    assert.ok(followed.eval_count > 0);
  });
  test('embeds', async () => {
    const { embeddings } = await client.embed({ model: 'encoder', input: ['a cup of tea', 'hot drinks'] });
    assert.equal(embeddings.length, 2);
    const { embedding } = await client.embeddings({ model: 'encoder', prompt: 'a cup of tea' });
    assert.deepEqual(embedding, embeddings[0]);
  });
  test('a client that leaves a stream ends the work', async () => {
    const stream = await uncheckedClient.chat({ model: 'endless', messages, stream: true, options: { num_predict: 30_000 } });
    let pieces = 0;
    try {
      for await (const part of stream) if (part && ++pieces === 5) stream.abort();
    } catch (error) {
      assert.equal(error.name, 'AbortError');
    }
    assert.ok(pieces >= 5);
    await until(async () => (await status(box)).engines.every((engine) => engine.in_flight === 0), 'the engine is idle');
  });
  test('a stream whose engine dies ends with an error, not as if it were whole', async () => {
    await assert.rejects(async () => {
      let pieces = 0;
      for await (const part of await uncheckedClient.chat({ model: 'endless', messages, stream: true, options: { num_predict: 30_000 } })) {
        if (!part || ++pieces !== 5) continue;
        const { pid } = (await status(box)).engines.find((engine) => engine.models.includes('endless'));
        process.kill(pid, 'SIGKILL');
      }
    }, /broke off|cut off/);
  });
  test('errors are sentences', async () => {
    await assert.rejects(chat({ model: 'nowhere' }), (error) => error.status_code === 404 && /tiny/.test(error.message));
    await assert.rejects(chat({ format: 'xml' }), (error) => error.status_code === 400 && /format/.test(error.message));
    await assert.rejects(uncheckedClient.pull({ model: 'x' }), /\/api\/pull/);
  });
});

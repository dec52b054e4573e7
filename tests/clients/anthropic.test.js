// Language models through Anthropic's own client: the Messages API in front, llama.cpp's chat completions behind.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import Anthropic from '@anthropic-ai/sdk';
import { Box } from './harness.js';
import { status, until } from './support.js';

const kSentence = 'Every evening the small kettle sings and our old cat dreams by its warm hearth.';

let box;
let client;
let uncheckedClient; // for streams that do not end
before(async () => {
  box = await Box.withModels({ tiny: ['llama', 'context=2048'], endless: ['llama', 'endless=1', 'context=32768'] });
  const options = { apiKey: box.key, baseURL: box.url, maxRetries: 0 };
  client = new Anthropic({ ...options, fetch: box.fetch });
  uncheckedClient = new Anthropic(options);
});
after(async () => {
  const end = await box?.stop();
  assert.deepEqual(end, { code: 0, signal: null }, box?.log.slice(-2000));
  assert.deepEqual(box.contract.violations, []);
});

const messages = [{ role: 'user', content: 'What happens every evening?' }];
const ask = (extra = {}) => ({ model: 'tiny', max_tokens: 100, messages, temperature: 0, ...extra });
const light = { name: 'light', description: 'Switch the light', input_schema: { type: 'object', properties: { on: { type: 'boolean' } }, required: ['on'] } };

describe('messages', () => {
  test('a whole answer', async () => {
    const answer = await client.messages.create(ask({ system: 'Be brief.' }));
    assert.equal(answer.content.length, 1);
    assert.equal(answer.content[0].text.trim(), kSentence);
    assert.equal(answer.stop_reason, 'end_turn');
    assert.equal(answer.model, 'tiny');
    assert.match(answer.id, /^msg_/);
    assert.match(answer._request_id, /^req_/);
    assert.ok(answer.usage.input_tokens + answer.usage.cache_read_input_tokens > 0 && answer.usage.output_tokens > 10);
  });
  test('a stream, as the client puts it together', async () => {
    const stream = client.messages.stream(ask());
    const pieces = [];
    stream.on('text', (text) => pieces.push(text));
    const answer = await stream.finalMessage();
    assert.equal(answer.content[0].text.trim(), kSentence);
    assert.equal(pieces.join('').trim(), kSentence);
    assert.ok(pieces.length > 10, `${pieces.length} pieces`);
    assert.equal(answer.stop_reason, 'end_turn');
    assert.ok(answer.usage.output_tokens > 10);
  });
  test('the limit of tokens, and a sequence to stop at', async () => {
    const short = await client.messages.create(ask({ max_tokens: 3 }));
    assert.equal(short.content[0].text.trim(), 'Every evening the');
    assert.equal(short.stop_reason, 'max_tokens');
    const stopped = await client.messages.create(ask({ stop_sequences: [' kettle'] }));
    assert.equal(stopped.content[0].text.trim(), 'Every evening the small');
  });
  test('a tool is called, whole and streamed, and its result goes back', async () => {
    const tools = { tools: [light], tool_choice: { type: 'any', disable_parallel_tool_use: true } };
    const answer = await client.messages.create(ask(tools));
    const call = answer.content.find((block) => block.type === 'tool_use');
    assert.equal(answer.stop_reason, 'tool_use');
    assert.equal(call.name, 'light');
    assert.equal(typeof call.input.on, 'boolean');
    const streamed = await client.messages.stream(ask(tools)).finalMessage();
    assert.deepEqual(streamed.content.find((block) => block.type === 'tool_use').input, call.input);
    const followed = await client.messages.create(
      ask({ tools: [light], messages: [...messages, { role: 'assistant', content: answer.content }, { role: 'user', content: [{ type: 'tool_result', tool_use_id: call.id, content: [{ type: 'text', text: 'It is on.' }] }, { type: 'text', text: 'And now?' }] }] }),
    );
    assert.ok(followed.usage.output_tokens > 0);
  });
  test('tokens are counted without an answer', async () => {
    const { input_tokens: tokens } = await client.messages.countTokens({ model: 'tiny', messages });
    const { usage } = await client.messages.create(ask({ max_tokens: 1 }));
    assert.equal(tokens, usage.input_tokens + usage.cache_read_input_tokens);
  });
  test('a client that leaves a stream ends the work', async () => {
    const leave = new AbortController();
    let pieces = 0;
    try {
      for await (const event of await uncheckedClient.messages.create(ask({ model: 'endless', max_tokens: 30_000, stream: true }), { signal: leave.signal }))
        if (event.type === 'content_block_delta' && ++pieces === 5) leave.abort();
    } catch (error) {
      assert.ok(leave.signal.aborted, error);
    }
    assert.ok(pieces >= 5);
    await until(async () => (await status(box)).engines.every((engine) => engine.in_flight === 0), 'the engine is idle');
  });
  test('a stream whose engine dies ends with an error, not as if it were whole', async () => {
    await assert.rejects(async () => {
      let pieces = 0;
      for await (const event of await uncheckedClient.messages.create(ask({ model: 'endless', max_tokens: 30_000, stream: true }))) {
        if (event.type !== 'content_block_delta' || ++pieces !== 5) continue;
        const { pid } = (await status(box)).engines.find((engine) => engine.models.includes('endless'));
        process.kill(pid, 'SIGKILL');
      }
    }, /broke off|cut off/);
  });
});

describe('errors are the ones that the client knows', () => {
  test('of the request', async () => {
    await assert.rejects(client.messages.create({ model: 'tiny', messages }), (error) => {
      assert.ok(error instanceof Anthropic.BadRequestError);
      assert.equal(error.error.error.type, 'invalid_request_error');
      assert.match(error.message, /max_tokens/);
      assert.match(error.requestID, /^req_/);
      return true;
    });
    await assert.rejects(client.messages.create(ask({ messages: [{ role: 'user', content: 'evening '.repeat(6000) }] })), (error) => error instanceof Anthropic.BadRequestError && /context/.test(error.message));
    await assert.rejects(client.messages.create(ask({ tools: [{ type: 'web_search_20250305', name: 'web_search' }] })), /input_schema/);
  });
  test('of the model and of the key', async () => {
    await assert.rejects(client.messages.create(ask({ model: 'claude-nowhere' })), (error) => error instanceof Anthropic.NotFoundError && /tiny/.test(error.message));
  });
});

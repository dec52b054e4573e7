// OpenAI's Responses API: the official `openai` package, OpenAI's agents, and Vercel's `ai`, which asks this way by default.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Agent, OpenAIResponsesModel, Runner, tool } from '@openai/agents';
import { createOpenAI } from '@ai-sdk/openai';
import { generateText, streamText } from 'ai';
import OpenAI from 'openai';
import { z } from 'zod';
import { Box } from './harness.js';
import { status, until } from './support.js';

const kSentence = 'Every evening the small kettle sings and our old cat dreams by its warm hearth.';

let box;
let client;
let uncheckedClient; // for streams that do not end
before(async () => {
  box = await Box.withModels({ tiny: ['llama', 'context=2048'], endless: ['llama', 'endless=1', 'context=32768'] });
  const options = { apiKey: box.key, baseURL: `${box.url}/v1`, maxRetries: 0 };
  client = new OpenAI({ ...options, fetch: box.fetch });
  uncheckedClient = new OpenAI(options);
});
after(async () => {
  const end = await box?.stop();
  assert.deepEqual(end, { code: 0, signal: null }, box?.log.slice(-2000));
  assert.deepEqual(box.contract.violations, []);
});

const ask = (extra = {}) => ({ model: 'tiny', input: 'What happens every evening?', temperature: 0, ...extra });
const light = { type: 'function', name: 'light', description: 'Switch the light', parameters: { type: 'object', properties: { on: { type: 'boolean' } }, required: ['on'], additionalProperties: false }, strict: true };

describe('responses', () => {
  test('a whole answer', async () => {
    const response = await client.responses.create(ask({ instructions: 'Be brief.', metadata: { of: 'tests' } }));
    assert.equal(response.output_text.trim(), kSentence);
    assert.equal(response.status, 'completed');
    assert.equal(response.instructions, 'Be brief.');
    assert.deepEqual(response.metadata, { of: 'tests' });
    assert.ok(response.usage.input_tokens > 0 && response.usage.output_tokens > 10);
    const short = await client.responses.create(ask({ max_output_tokens: 3 }));
    assert.equal(short.output_text.trim(), 'Every evening the');
    assert.equal(short.incomplete_details.reason, 'max_output_tokens');
  });
  test('a stream, as the client puts it together', async () => {
    const pieces = [];
    const stream = client.responses.stream(ask());
    stream.on('response.output_text.delta', (event) => pieces.push(event.delta));
    const response = await stream.finalResponse();
    assert.equal(response.output_text.trim(), kSentence);
    assert.equal(pieces.join('').trim(), kSentence);
    assert.ok(pieces.length > 10, `${pieces.length} pieces`);
  });
  test('a function is called, whole and streamed, and its result goes back', async () => {
    const tools = { tools: [light], tool_choice: 'required', parallel_tool_calls: false };
    const { output } = await client.responses.create(ask(tools));
    const call = output.find((item) => item.type === 'function_call');
    assert.equal(call.name, 'light');
    assert.equal(typeof JSON.parse(call.arguments).on, 'boolean');
    const streamed = await client.responses.stream(ask(tools)).finalResponse();
    assert.equal(streamed.output.find((item) => item.type === 'function_call').arguments, call.arguments);
    const followed = await client.responses.create(ask({ tools: [light], input: [{ role: 'user', content: 'Light?' }, ...output, { type: 'function_call_output', call_id: call.call_id, output: 'It is on.' }] }));
    assert.ok(followed.usage.output_tokens > 0);
  });
  test('keeps to a schema', async () => {
    const schema = { type: 'object', properties: { mood: { enum: ['warm', 'cold'] } }, required: ['mood'], additionalProperties: false };
    const response = await client.responses.create(ask({ text: { format: { type: 'json_schema', name: 'mood', schema, strict: true } } }));
    assert.ok(['warm', 'cold'].includes(JSON.parse(response.output_text).mood), response.output_text);
  });
  test("an agent of OpenAI's calls its tool", async () => {
    const switched = [];
    const agent = new Agent({
      name: 'keeper',
      instructions: 'Keep the light on.',
      model: new OpenAIResponsesModel(client, 'tiny'),
      modelSettings: { temperature: 0, toolChoice: 'required', parallelToolCalls: false, store: false },
      tools: [tool({ name: 'light', description: 'Switch the light', parameters: z.object({ on: z.boolean() }), execute: async ({ on }) => (switched.push(on), 'done') })],
      toolUseBehavior: 'stop_on_first_tool',
    });
    const result = await new Runner({ tracingDisabled: true }).run(agent, 'It is dark.');
    assert.equal(result.finalOutput, 'done');
    assert.equal(switched.length, 1);
  });
  test("Vercel's ai asks this way", async () => {
    const openai = createOpenAI({ baseURL: `${box.url}/v1`, apiKey: box.key, fetch: box.fetch });
    const { text, usage } = await generateText({ model: openai('tiny'), prompt: 'What happens?', temperature: 0 });
    assert.equal(text.trim(), kSentence);
    assert.ok(usage.outputTokens > 10);
    let streamed = '';
    for await (const piece of streamText({ model: openai('tiny'), prompt: 'What happens?', temperature: 0 }).textStream) streamed += piece;
    assert.equal(streamed.trim(), kSentence);
  });
  test('a client that leaves a stream ends the work', async () => {
    const leave = new AbortController();
    let pieces = 0;
    try {
      for await (const event of await uncheckedClient.responses.create(ask({ model: 'endless', stream: true }), { signal: leave.signal }))
        if (event.type === 'response.output_text.delta' && ++pieces === 5) leave.abort();
    } catch (error) {
      assert.ok(leave.signal.aborted, error);
    }
    assert.ok(pieces >= 5);
    await until(async () => (await status(box)).engines.every((engine) => engine.in_flight === 0), 'the engine is idle');
  });
  test('a stream whose engine dies ends with an error, not as if it were whole', async () => {
    let last;
    let pieces = 0;
    try {
      for await (const event of await uncheckedClient.responses.create(ask({ model: 'endless', stream: true }))) {
        last = event;
        if (event.type !== 'response.output_text.delta' || ++pieces !== 5) continue;
        const { pid } = (await status(box)).engines.find((engine) => engine.models.includes('endless'));
        process.kill(pid, 'SIGKILL');
      }
    } catch (error) {
      last = { type: 'error', message: error.message };
    }
    assert.equal(last.type, 'error');
    assert.match(last.message, /broke off|cut off/);
  });
  test('what cannot be kept or run here is refused', async () => {
    for (const [extra, param] of [[{ previous_response_id: 'resp_1' }, 'previous_response_id'], [{ tools: [{ type: 'web_search' }] }, 'tools[0]'], [{ background: true }, 'background']])
      await assert.rejects(client.responses.create(ask(extra)), (error) => error.status === 400 && error.code === 'unsupported_value' && error.param === param);
  });
});

// Frameworks that people build agents with, against providers behind a box: tools that are called and answered, whole and
// streamed, whichever API the provider has.
import assert from 'node:assert/strict';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { createOpenAI } from '@ai-sdk/openai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { HumanMessage, ToolMessage } from '@langchain/core/messages';
import { tool as langChainTool } from '@langchain/core/tools';
import { ChatOpenAI } from '@langchain/openai';
import { Agent, OpenAIChatCompletionsModel, OpenAIResponsesModel, Runner, tool as agentTool } from '@openai/agents';
import { generateText, stepCountIs, streamText, tool as aiTool } from 'ai';
import OpenAI from 'openai';
import { z } from 'zod';
import { Box } from './harness.js';
import { Provider } from './provider.js';
import { sentence } from './provider_dialects.js';

const input = z.object({ on: z.boolean(), level: z.number(), place: z.string() });
const wanted = { on: true, level: 1.5, place: 'Küche' };
const names = ['lights', 'heating'];

let provider;
let box;
let client;
let done; // what the tools were called with

before(async () => {
  provider = await Provider.start();
  const data = await mkdtemp(join(tmpdir(), 'hearth-test-'));
  const of = (speaks, more = '') => `{ url: "${provider.url}/v1", sees: secret, lan: true, speaks: ${speaks}, models: [m]${more} }`;
  await writeFile(join(data, 'hearth.yaml'), `providers:\n  openai: ${of('openai')}\n  anthropic: ${of('anthropic')}\n  responses: ${of('openai', ', responses: true')}\n`);
  box = await Box.start([], {}, data);
  client = new OpenAI({ apiKey: box.key, baseURL: `${box.url}/v1`, maxRetries: 0, fetch: box.fetch });
});
after(async () => {
  const end = await box?.stop();
  await provider?.stop();
  assert.deepEqual(end, { code: 0, signal: null }, box?.log.slice(-2000));
  assert.deepEqual(box.contract.violations, []);
});
beforeEach(() => {
  provider.forget();
  done = [];
});

const use = (name) => (what) => (done.push([name, what]), 'done');
// Both tools were called with what the provider said, and the provider was asked twice: the second time with their results.
function bothWereUsed() {
  assert.deepEqual(done.sort(), names.map((name) => [name, wanted]).sort());
  assert.equal(provider.requests.length, 2);
  const { messages, input } = provider.requests[1].body;
  const last = (messages ?? input).at(-1);
  assert.match(JSON.stringify(last), /done/);
}

for (const [dialect, has] of [['openai', 'OpenAI’s API'], ['anthropic', 'Anthropic’s API'], ['responses', 'OpenAI’s APIs, that of responses too']]) {
  const model = `${dialect}/m`;

  describe(`a provider with ${has}`, () => {
    for (const [api, make] of [
      ['responses', () => createOpenAI({ baseURL: `${box.url}/v1`, apiKey: box.key, fetch: box.fetch })(model)],
      ['chat completions', () => createOpenAICompatible({ name: 'hearth', baseURL: `${box.url}/v1`, apiKey: box.key, fetch: box.fetch })(model)],
    ]) {
      const tools = () => Object.fromEntries(names.map((name) => [name, aiTool({ description: `Switch the ${name}`, inputSchema: input, execute: use(name) })]));
      test(`Vercel's ai, by ${api}`, async () => {
        const { text, steps, totalUsage } = await generateText({ model: make(), prompt: 'Es ist dunkel.', tools: tools(), stopWhen: stepCountIs(3) });
        assert.equal(text, sentence);
        assert.equal(steps.length, 2);
        assert.ok(totalUsage.outputTokens > 0);
        bothWereUsed();
      });
      test(`Vercel's ai, streamed, by ${api}`, async () => {
        let text = '';
        const stream = streamText({ model: make(), prompt: 'Es ist dunkel.', tools: tools(), stopWhen: stepCountIs(3) });
        for await (const piece of stream.textStream) text += piece;
        assert.equal(text, sentence);
        assert.equal((await stream.steps).length, 2);
        bothWereUsed();
      });
    }

    test('LangChain', async () => {
      const tools = names.map((name) => langChainTool(use(name), { name, description: `Switch the ${name}`, schema: input }));
      const chat = new ChatOpenAI({ model, apiKey: box.key, maxRetries: 0, configuration: { baseURL: `${box.url}/v1`, fetch: box.fetch } }).bindTools(tools);
      const asked = new HumanMessage('Es ist dunkel.');
      const call = await chat.invoke([asked]);
      assert.equal(call.tool_calls.length, 2);
      const results = [];
      for (const { name, args, id } of call.tool_calls) results.push(new ToolMessage({ content: await tools.find((t) => t.name === name).invoke(args), tool_call_id: id }));
      assert.equal((await chat.invoke([asked, call, ...results])).content, sentence);
      bothWereUsed();
      // Streamed: the calls come in pieces, and so does the answer.
      let streamed;
      for await (const chunk of await chat.stream([asked])) streamed = streamed ? streamed.concat(chunk) : chunk;
      assert.deepEqual(streamed.tool_calls.map(({ name, args }) => [name, args]), names.map((name) => [name, wanted]));
      let text = '';
      for await (const chunk of await chat.stream([asked, call, ...results])) text += chunk.content;
      assert.equal(text, sentence);
    });

    for (const [api, make] of [
      ['responses', () => new OpenAIResponsesModel(client, model)],
      ['chat completions', () => new OpenAIChatCompletionsModel(client, model)],
    ]) {
      const agent = () =>
        new Agent({
          name: 'keeper',
          instructions: 'Keep the light on.',
          model: make(),
          modelSettings: { store: api === 'responses' ? false : undefined },
          tools: names.map((name) => agentTool({ name, description: `Switch the ${name}`, parameters: input, execute: use(name) })),
        });
      test(`an agent of OpenAI's, by ${api}`, async () => {
        const result = await new Runner({ tracingDisabled: true }).run(agent(), 'Es ist dunkel.');
        assert.equal(result.finalOutput, sentence);
        bothWereUsed();
      });
      test(`an agent of OpenAI's, streamed, by ${api}`, async () => {
        const result = await new Runner({ tracingDisabled: true }).run(agent(), 'Es ist dunkel.', { stream: true });
        let text = '';
        for await (const piece of result.toTextStream()) text += piece;
        await result.completed;
        assert.equal(text, sentence);
        assert.equal(result.finalOutput, sentence);
        bothWereUsed();
      });
    }
  });
}

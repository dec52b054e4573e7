// Personal data and secrets on their way to a provider: blocked, or replaced by placeholders of which clients see nothing. The
// provider is a server of the test's own that repeats what it was told, in small pieces.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { Box } from './harness.js';
import { bearer, callOf, expectError, json, until } from './support.js';

const address = 'jane.doe@example.org';
const card = '4111 1111 1111 1111';

let provider;
let box;
let openai;
const got = []; // bodies, as the provider got them

// The last message again; with tools offered, as the argument of the first.
function answer(request) {
  const last = request.messages.at(-1).content;
  const text = typeof last === 'string' ? last : last.filter((part) => part.type === 'text').map((part) => part.text).join('');
  if (!request.tools) return { content: text };
  return { content: null, tool_calls: [{ id: 'call_a', type: 'function', function: { name: request.tools[0].function.name, arguments: JSON.stringify({ to: text, quote: '"' }) } }] };
}

const pieces = (text) => text.match(/.{1,3}/gsu) ?? [];

function chunks(message) {
  const base = { id: 'c1', object: 'chat.completion.chunk', created: 1, model: 'echo' };
  const chunk = (delta, finish_reason = null) => ({ ...base, choices: [{ index: 0, delta, finish_reason }] });
  const out = [chunk({ role: 'assistant', content: message.tool_calls ? null : '' })];
  for (const piece of pieces(message.content ?? '')) out.push(chunk({ content: piece }));
  for (const { id, type, function: f } of message.tool_calls ?? []) {
    out.push(chunk({ tool_calls: [{ index: 0, id, type, function: { name: f.name, arguments: '' } }] }));
    for (const piece of pieces(f.arguments)) out.push(chunk({ tool_calls: [{ index: 0, function: { arguments: piece } }] }));
  }
  out.push(chunk({}, message.tool_calls ? 'tool_calls' : 'stop'));
  out.push({ ...base, choices: [], usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 } });
  return out;
}

function serve(request, response) {
  let body = '';
  request.setEncoding('utf8').on('data', (text) => (body += text));
  request.on('end', () => {
    got.push(body);
    const asked = JSON.parse(body);
    const message = answer(asked);
    if (!asked.stream) {
      response.setHeader('content-type', 'application/json');
      const choice = { index: 0, message: { role: 'assistant', ...message }, finish_reason: message.tool_calls ? 'tool_calls' : 'stop' };
      return response.end(JSON.stringify({ id: 'c1', object: 'chat.completion', created: 1, model: 'echo', choices: [choice], usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 } }));
    }
    response.setHeader('content-type', 'text/event-stream');
    for (const chunk of chunks(message)) response.write(`data: ${JSON.stringify(chunk)}\n\n`);
    response.end('data: [DONE]\n\n');
  });
}

before(async () => {
  provider = createServer(serve);
  await new Promise((resolve) => provider.listen(0, '127.0.0.1', resolve));
  const data = await mkdtemp(join(tmpdir(), 'hearth-test-'));
  await writeFile(
    join(data, 'hearth.yaml'),
    `providers:
  cloud: { url: 'http://127.0.0.1:${provider.address().port}/v1', sees: internal, lan: true, models: [echo] }
policy: { default_class: internal }
privacy: { personal: redact }
patterns:
  project: { regex: '(?i)project raven', class: personal }
agents: { orders: {}, hr: { class: personal } }
declassify:
  shop-orders: { keys: [shop], found: [email], to: internal }
  shop-pictures: { keys: [shop], agents: [orders], found: [email, card], inputs: true, to: internal }
`,
  );
  box = await Box.start([], {}, data);
  openai = new OpenAI({ baseURL: `${box.url}/v1`, apiKey: box.key, maxRetries: 0 });
});
after(async () => {
  const end = await box?.stop();
  provider?.closeAllConnections();
  provider?.close();
  assert.deepEqual(end, { code: 0, signal: null }, box?.log.slice(-2000));
  assert.ok(!box.log.includes(address), 'no log line has the address');
});
beforeEach(() => got.splice(0));

const explain = async (response) => box.hearth('explain', 'call', (await callOf(box, response)).id);
const ask = (content, more = {}) => ({ model: 'echo', messages: [{ role: 'user', content }], ...more });
const tools = [{ type: 'function', function: { name: 'send', parameters: { type: 'object', properties: { to: { type: 'string' } } } } }];

test('what is nothing of anybody goes as it is', async () => {
  const done = await openai.chat.completions.create(ask('How are you?'));
  assert.equal(done.choices[0].message.content, 'How are you?');
  assert.equal(got.length, 1);
});

test('an answer has the originals, the provider only placeholders', async () => {
  const text = `Write to ${address} about Project Raven; again: ${address}.`;
  const done = await openai.chat.completions.create(ask(text));
  assert.equal(done.choices[0].message.content, text);
  assert.equal(JSON.parse(got[0]).messages[0].content, 'Write to [EMAIL_1] about [DATA_1]; again: [EMAIL_1].');
});

test('a streamed answer has them, too', async () => {
  const text = `[see] ${address}, [EMAIL_1], Ａ＠ｂ．org [`;
  const stream = await openai.chat.completions.create(ask(text, { stream: true }));
  let answered = '';
  for await (const chunk of stream) answered += chunk.choices[0]?.delta?.content ?? '';
  assert.equal(answered, text);
  assert.ok(!got[0].includes(address));
});

test('and so do the arguments of tools', async () => {
  const done = await openai.chat.completions.create(ask(address, { tools }));
  assert.deepEqual(JSON.parse(done.choices[0].message.tool_calls[0].function.arguments), { to: address, quote: '"' });
  const stream = await openai.chat.completions.create(ask(address, { tools, stream: true }));
  let streamed = '';
  for await (const chunk of stream) streamed += chunk.choices[0]?.delta?.tool_calls?.[0]?.function?.arguments ?? '';
  assert.deepEqual(JSON.parse(streamed), { to: address, quote: '"' });
  for (const body of got) assert.ok(!body.includes(address), body);
});

test('clients of another dialect see nothing of it either', async () => {
  const anthropic = new Anthropic({ baseURL: box.url, apiKey: box.key, maxRetries: 0 });
  const stream = anthropic.messages.stream({ model: 'echo', max_tokens: 100, messages: [{ role: 'user', content: `mail ${address}` }] });
  const message = await stream.finalMessage();
  assert.equal(message.content[0].text, `mail ${address}`);
  assert.ok(!got[0].includes(address));
});

test('escapes hide nothing', async () => {
  const response = await json(box, '/v1/chat/completions', '{"model":"echo","messages":[{"role":"user","content":"jane.doe\\u0040example.org"}]}');
  assert.equal((await response.json()).choices[0].message.content, address);
  assert.ok(got[0].includes('[EMAIL_1]') && !got[0].includes('example.org'), got[0]);
});

test('what is to be blocked does not leave', async () => {
  const secret = await expectError(await json(box, '/v1/chat/completions', ask(`my card is ${card}`)), 403, 'data_class_denied');
  assert.match(secret.message, /1 card/);
  assert.ok(!secret.message.includes('4111'));
  // What people say of a call holds with placeholders, too.
  const headers = { 'content-type': 'application/json', ...bearer(box), 'x-hearth-data-class': 'personal' };
  await expectError(await json(box, '/v1/chat/completions', ask(address), { headers }), 403, 'data_class_denied');
  // Nobody looks into a picture.
  const picture = [{ type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } }];
  await expectError(await json(box, '/v1/chat/completions', ask(picture)), 403, 'data_class_denied');
  // A file of text is read, and cannot have placeholders.
  const file = [{ type: 'image_url', image_url: { url: `data:text/plain;base64,${btoa(address)}` } }];
  await expectError(await json(box, '/v1/chat/completions', ask(file)), 403, 'data_class_denied');
  assert.deepEqual(got, []);
});

test('hearth explain says what was found, and not the thing itself', async () => {
  const response = await json(box, '/v1/chat/completions', ask(`call ${address}`));
  await response.arrayBuffer();
  const told = await explain(response);
  assert.match(told, /Found in it: 1 email/);
  assert.match(told, /placeholders/);
  assert.ok(!told.includes(address));
});

test('a key says what class its data are of, and a header does not lower it', async () => {
  const key = (await box.hearth('keys', 'new', 'hr', '--class', 'personal', '--quiet')).trim();
  assert.match(await box.hearth('keys'), /hr .*personal/);
  for (const said of [{}, { 'x-hearth-data-class': 'public' }]) {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${key}`, ...said };
    await expectError(await json(box, '/v1/chat/completions', ask('nothing in it'), { headers }), 403, 'data_class_denied');
  }
  assert.deepEqual(got, []);
  await (await json(box, '/v1/chat/completions', ask('nothing in it'))).arrayBuffer();
  assert.equal(got.length, 1);
});

test('a rule lowers the class of what it lists, for the key it names, and nothing else', async () => {
  const [shop, picky] = await Promise.all([box.hearth('keys', 'new', 'shop', '--quiet'), box.hearth('keys', 'new', 'shop', '--class', 'personal', '--quiet')]);
  const send = (content, more = {}, key = shop) => json(box, '/v1/chat/completions', ask(content), { headers: { 'content-type': 'application/json', authorization: `Bearer ${key.trim()}`, ...more } });
  const orders = { 'x-hearth-agent': 'orders' };
  const picture = [{ type: 'text', text: address }, { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } }];
  const denied = async (response) => expectError(await response, 403, 'data_class_denied');

  // As it is, without placeholders.
  const response = await send(`ship it to ${address}`);
  assert.equal((await response.json()).choices[0].message.content, `ship it to ${address}`);
  assert.ok(got.splice(0)[0].includes(address));
  assert.match(await explain(response), /with internal data[^]*Found in it: 1 email[^]*declassify\.shop-orders of hearth\.yaml lowered it from personal to internal/);
  const report = await until(async () => {
    const told = await box.hearth('egress', 'report', '--class', 'personal');
    return told.includes('declassify.') && told;
  }, 'it is recorded');
  assert.match(report, /^Of class personal or above, .*1 call to \S+ \(rule declassify\.shop-orders \(personal to internal\), providers\.cloud\.sees: internal\)/);

  // What is not listed, and what only the other rule allows.
  await denied(send(`${address} ${card}`));
  await denied(send(picture));
  await denied(send(picture, { 'x-hearth-agent': 'hr' }));
  // What was said of the call stands.
  await denied(send(address, { 'x-hearth-data-class': 'personal' }));
  await denied(send(card, { ...orders, 'x-hearth-data-class': 'secret' }));
  await denied(send(address, {}, picky));
  assert.deepEqual(got, []);
  for (const [content, more] of [[`${address} ${card}`, orders], [picture, orders]]) {
    await (await send(content, more)).arrayBuffer();
    assert.equal(got.splice(0).length, 1);
  }
  // Nobody else's: another key's goes with placeholders, as ever, and so does what the owner sends.
  await (await json(box, '/v1/chat/completions', ask(`mail ${address}`))).arrayBuffer();
  await new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', host: 'localhost' };
    const owner = httpRequest({ socketPath: join(box.data, 'run', 'hearth.sock'), path: '/v1/chat/completions', method: 'POST', headers, agent: false }, (answer) => answer.resume().on('end', resolve));
    owner.on('error', reject).end(JSON.stringify(ask(`mail ${address}`)));
  });
  for (const body of got) assert.ok(!body.includes(address), body);
  assert.equal(got.length, 2);
});

test('a rule that cannot mean what was meant stops hearthd, with a sentence', async () => {
  const data = await mkdtemp(join(tmpdir(), 'hearth-test-'));
  await writeFile(join(data, 'hearth.yaml'), 'declassify: { shop: { keys: [shop], found: [emial], to: internal } }\n');
  await assert.rejects(Box.start([], {}, data), /declassify\.shop: found: 'emial' is no pattern/);
  await rm(data, { recursive: true });
});

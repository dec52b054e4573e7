// Agents' chats on their way to a provider, with fewer tokens that say the same. The provider is a server of the test's own that
// keeps what it got, and says how much of it begins as the request before did.
import assert from 'node:assert/strict';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { Box } from './harness.js';
import { bearer, callOf, json } from './support.js';

let provider;
let box;
let openai;
const got = []; // { path, body }, as the provider got them

const usage = { prompt_tokens: 4000, completion_tokens: 1, total_tokens: 4001, prompt_tokens_details: { cached_tokens: 0 } };

function serve(request, response) {
  let body = '';
  request.setEncoding('utf8').on('data', (text) => (body += text));
  request.on('end', () => {
    got.push({ path: request.url, body });
    response.setHeader('content-type', 'application/json');
    if (request.url.endsWith('/messages')) {
      const message = { id: 'm1', type: 'message', role: 'assistant', model: 'claude', content: [{ type: 'text', text: 'done' }], stop_reason: 'end_turn', stop_sequence: null, usage: { input_tokens: 9, output_tokens: 1 } };
      return response.end(JSON.stringify(message));
    }
    const choice = { index: 0, message: { role: 'assistant', content: 'done' }, finish_reason: 'stop' };
    response.end(JSON.stringify({ id: 'c1', object: 'chat.completion', created: 1, model: 'm', choices: [choice], usage }));
  });
}

before(async () => {
  provider = createServer(serve);
  await new Promise((resolve) => provider.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${provider.address().port}/v1`;
  const data = await mkdtemp(join(tmpdir(), 'hearth-test-'));
  await writeFile(
    join(data, 'hearth.yaml'),
    `providers:
  cloud: { url: '${url}', sees: internal, lan: true, models: [m] }
  theirs: { url: '${url}', sees: internal, lan: true, models: [claude], speaks: anthropic }
policy: { default_class: internal }
privacy: { personal: redact }
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
});
beforeEach(() => got.splice(0));

const pretty = JSON.stringify({ interfaces: Array.from({ length: 40 }, (_, i) => ({ name: `eth${i}`, mtu: 1500, up: i % 2 === 0 })) }, null, 4);
const source = Array.from({ length: 60 }, (_, i) => `  const value${i} = compute(${i * 7});   `).join('\n');
const log = Array.from({ length: 200 }, (_, i) => `2026-11-27T18:00:${String(i % 60).padStart(2, '0')}Z info request ${1000 + i} was served in ${i * 3 + 1000} us`).join('\n');
const page = `<!doctype html><html><head><title>Docs</title><style>${'p { margin: 0 } '.repeat(40)}</style></head><body><h1>Install</h1><p>Run <code>make</code>, then <a href="/next">go on</a>.</p></body></html>`;

let calls = 0;
function used(name, args, content) {
  const id = `call_${++calls}`;
  return [
    { role: 'assistant', content: null, tool_calls: [{ id, type: 'function', function: { name, arguments: JSON.stringify(args) } }] },
    { role: 'tool', tool_call_id: id, content },
  ];
}
const tools = ['run_command', 'read_file', 'fetch_url'].map((name) => ({ type: 'function', function: { name, parameters: { type: 'object', properties: {} } } }));
const sent = (i = -1) => JSON.parse(got.at(i).body).messages;

test('what tools said arrives with fewer tokens, and says the same', async () => {
  const messages = [
    { role: 'system', content: `Be brief.\n\n\n\n${pretty}` },
    { role: 'user', content: 'Look around.' },
    ...used('run_command', { command: 'ip -j link' }, pretty),
    ...used('read_file', { path: 'a.js' }, source),
    ...used('fetch_url', { url: 'https://docs.example.org/install' }, page),
    ...used('run_command', { command: 'journalctl -u box' }, log),
    ...used('read_file', { path: 'a.js' }, source),
  ];
  const done = await openai.chat.completions.create({ model: 'm', messages, tools }).withResponse();
  assert.equal(done.data.choices[0].message.content, 'done');
  const arrived = sent();
  assert.equal(arrived[0].content, messages[0].content);
  assert.equal(arrived[3].content, JSON.stringify(JSON.parse(pretty)));
  assert.equal(arrived[5].content, source, 'a file that was read stays as it is');
  assert.equal(arrived[7].content, 'Docs\n\n# Install\n\nRun `make`, then [go on](/next).');
  assert.match(arrived[9].content, /^2026-11-27T18:00:00Z info request 1000 .*\n\[198 more lines like this, .*\]\n2026-11-27T18:00:19Z info request 1199 [^\n]*$/);
  assert.equal(arrived[11].content, '[the same text as the result above of read_file {"path":"a.js"}]');
  assert.deepEqual(arrived.map(({ role, tool_calls, tool_call_id }) => ({ role, tool_calls, tool_call_id })), messages.map(({ role, tool_calls, tool_call_id }) => ({ role, tool_calls, tool_call_id })));
  assert.match(done.response.headers.get('x-hearth-trimmed'), /^bytes=\d{4,}; tokens=\d{3,}$/);
});

test('each turn begins with the bytes that the turn before had', async () => {
  const messages = [{ role: 'system', content: 'Be brief.' }, { role: 'user', content: 'Debug this.' }];
  const steps = [
    used('run_command', { command: 'ip -j link' }, pretty),
    used('read_file', { path: 'a.js' }, source),
    used('run_command', { command: 'journalctl' }, log),
    used('read_file', { path: 'a.js' }, source),
    used('run_command', { command: 'journalctl' }, `${log}\n${log}`),
    used('run_command', { command: 'ip -j link' }, pretty),
  ];
  let last;
  for (const step of steps) {
    messages.push(...step);
    await openai.chat.completions.create({ model: 'm', messages });
    const { body } = got.at(-1);
    const end = body.lastIndexOf(']');
    if (last) assert.ok(body.startsWith(last), 'the prefix is the same');
    last = body.slice(0, end);
  }
  assert.ok(got.at(-1).body.length < JSON.stringify({ model: 'm', messages }).length / 2);
});

test('a header switches it off for a call', async () => {
  const messages = [{ role: 'user', content: 'Look.' }, ...used('run_command', { command: 'ip -j link' }, pretty)];
  const { response } = await openai.chat.completions.create({ model: 'm', messages }, { headers: { 'x-hearth-trim': 'off' } }).withResponse();
  assert.equal(response.headers.get('x-hearth-trimmed'), null);
  assert.deepEqual(sent(), messages);
});

test('hearth explain says what was left out, and metrics count it', async () => {
  const messages = [{ role: 'user', content: 'Look and tell.' }, ...used('run_command', { command: 'ip -j link' }, pretty)];
  const { response } = await openai.chat.completions.create({ model: 'm', messages }).withResponse();
  await callOf(box, response);
  const told = await box.hearth('explain', 'call', response.headers.get('x-request-id'));
  assert.match(told, /Left out on the way: .* some \d+ tokens \(.*json \d+\)\./);
  const metrics = await (await fetch(`${box.url}/metrics`, { headers: bearer(box) })).text();
  assert.match(metrics, /hearth_trim_saved_tokens_total\{step="json"\} [1-9]/);
});

test("clients and providers of Anthropic's dialect have the same", async () => {
  const anthropic = new Anthropic({ baseURL: box.url, apiKey: box.key, maxRetries: 0 });
  const messages = [
    { role: 'user', content: 'Look.' },
    { role: 'assistant', content: [{ type: 'tool_use', id: 'toolu_1', name: 'run_command', input: { command: 'ip -j link' } }] },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: [{ type: 'text', text: pretty, cache_control: { type: 'ephemeral' } }] }] },
  ];
  await anthropic.messages.create({ model: 'theirs/claude', max_tokens: 50, messages });
  assert.equal(got[0].path, '/v1/messages');
  const minified = structuredClone(messages);
  minified[2].content[0].content[0].text = JSON.stringify(JSON.parse(pretty));
  assert.deepEqual(sent(), minified);
  // … and through translation, in either direction.
  await anthropic.messages.create({ model: 'cloud/m', max_tokens: 50, messages });
  assert.equal(JSON.stringify(sent().at(-1)).includes('\\n    '), false);
  await openai.chat.completions.create({ model: 'theirs/claude', messages: [{ role: 'user', content: 'Look.' }, ...used('run_command', { command: 'ip -j link' }, pretty)] });
  assert.equal(got.at(-1).path, '/v1/messages');
  assert.equal(JSON.stringify(sent().at(-1)).includes('\\n    '), false);
});

test('placeholders come first, and what a page hides is not brought to light', async () => {
  const address = 'jane.doe@example.org';
  const listed = JSON.stringify({ people: Array.from({ length: 30 }, () => ({ mail: address })) }, null, 4);
  await openai.chat.completions.create({ model: 'm', messages: [{ role: 'user', content: 'Who?' }, ...used('run_command', { command: 'ldapsearch' }, listed)] });
  assert.equal(sent().at(-1).content, JSON.stringify({ people: Array.from({ length: 30 }, () => ({ mail: '[EMAIL_1]' })) }));
  const hidden = page.replace('</p>', `, or ask jane.doe&#64;example&#46;org</p>`);
  await openai.chat.completions.create({ model: 'm', messages: [{ role: 'user', content: 'Whom?' }, ...used('fetch_url', { url: 'https://docs.example.org/' }, hidden)] });
  assert.ok(!got.at(-1).body.includes(address));
});

test('tools that cannot be called stay behind', async () => {
  const choice = { type: 'function', function: { name: 'read_file' } };
  await openai.chat.completions.create({ model: 'm', messages: [{ role: 'user', content: 'Read a.js, please.' }], tools, tool_choice: choice });
  assert.deepEqual(JSON.parse(got[0].body).tools, [tools[1]]);
  assert.deepEqual(JSON.parse(got[0].body).tool_choice, choice);
});

test('a body that nobody wrote so is answered as ever', async () => {
  for (const content of ['{'.repeat(3000), `\\ud800${' '.repeat(2000)}`]) {
    const response = await json(box, '/v1/chat/completions', `{"model":"m","messages":[{"role":"user","content":"x"},{"role":"tool","tool_call_id":"c","content":"${content}"}]}`);
    assert.ok([200, 400].includes(response.status), String(response.status));
    await response.arrayBuffer();
  }
});

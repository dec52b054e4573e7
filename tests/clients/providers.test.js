// Providers that misbehave, each in one way, in front of a real hearthd and real SDKs: a call goes on to the next one that
// may answer it as long as its client has got nothing; after that the client is told, in its own dialect, that the answer
// is not whole. One test a failure, named as in docs/reliability.md.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { Box } from './harness.js';
import { LlamaServer, said } from './llama_server.js';
import { Provider, faults } from './provider.js';
import { sentence, signature, thought } from './provider_dialects.js';
import { Raw, admin, bearer, callOf, expectError, idle, json, until } from './support.js';

// How long a provider may take. Those that answer have all the time they want, for a busy machine takes its own.
const patient = {};
const hasty = { first_byte_time: '700ms' };
const restless = { stall_time: '700ms' };

// Failures before anything of an answer came: [name, what the provider does, the times that it takes to see it].
const early = [
  ['silent', () => faults.silent(), hasty],
  ['slow headers', () => faults.slowHeaders(), hasty],
  ['connection reset', () => faults.reset()],
  ['HTML 502', () => faults.html()],
  ['HTML 200', () => faults.html(200)],
  ['500', () => faults.error(500)],
  ['529', () => faults.error(529)],
  ['200 with error body', () => faults.errorBody()],
  ['200 with nothing', () => faults.empty()],
  ['200 with an empty object', () => faults.emptyObject()],
  ['429', () => faults.limited()],
];
// Of whole answers alone.
const whole = [
  ['half a JSON document', () => faults.notJson()],
  ['200 without choices', () => faults.noChoices()],
  ['longer than it says', () => faults.lengthLies(-10)],
  ['shorter than it says', () => faults.lengthLies(10)],
];
// In the middle of a stream.
const midway = [
  ['ended without its terminator', () => faults.cut()],
  ['cut within a chunk', () => faults.hangUp()],
  ['reset midway', () => faults.reset(4)],
  ['stalled', () => faults.stall(), restless],
  ['malformed chunk', () => faults.malformed()],
  ['error event', () => faults.errorEvent()],
];
// What looks odd and is sound.
const sound = [
  ['UTF-8 split into single bytes', () => faults.split(1)],
  ['pieces of seven bytes', () => faults.split(7)],
  ['CRLF', () => faults.lineEnds('\r\n')],
  ['CR alone', () => faults.lineEnds('\r')],
  ['keep-alive comments', () => faults.comments()],
  ['two ends', () => faults.twiceDone()],
  ['no usage', () => faults.noUsage()],
  ['huge usage', () => faults.hugeUsage()],
];
const retryAfter = [
  ['seconds', () => ({ 'retry-after': '45' }), 30, 45],
  ['a fraction', () => ({ 'retry-after': '1.5' }), 1, 2],
  ['a date', () => ({ 'retry-after': new Date(Date.now() + 9_000).toUTCString() }), 1, 9],
  ['milliseconds', () => ({ 'retry-after-ms': '42500', 'retry-after': '5' }), 30, 43],
  ['nothing', () => ({}), 1, 1],
];

const slug = (name) => `p-${name.toLowerCase().replace(/[^a-z0-9]+/g, '-')}`; // a provider's name begins with a letter

let bad; // misbehaves
let good; // whom a call goes on to
let secure; // has a certificate that a box can trust, and
let expired; // one that is out of date
let llama; // nobody here wrote
let box;
let openai;
let claude;

// Each test has a provider of its own as far as the box knows, for one that failed is left alone for a while.
const entries = new Map();
const entry = (name, options = {}) => (entries.set(slug(name), { url: () => bad.url, ...options }), slug(name));
for (const [name, , times = patient] of [...early, ...whole, ...midway, ...sound, ...retryAfter.map(([form]) => [`retry ${form}`])]) {
  entry(name, { times });
  entry(`claude ${name}`, { times, speaks: 'anthropic' });
}
entry('well');
entry('claude', { speaks: 'anthropic' });
entry('two keys', { keys: ['bad', 'good'] });
entry('claude two keys', { keys: ['bad', 'good'], speaks: 'anthropic' });
entry('no good key', { keys: ['bad', 'worse'] });
entry('away');
entry('secure', { url: () => secure.url, ca: () => secure.authority });
entry('expired', { url: () => expired.url, ca: () => expired.authority });
entry('stranger', { url: () => secure.url });
entry('llama', { url: () => llama.url });
entry('llama claude', { url: () => llama.url, speaks: 'anthropic' });

before(async () => {
  [bad, good, secure, expired, llama] = await Promise.all([Provider.start(), Provider.start(), Provider.start({ certificate: 'good' }), Provider.start({ certificate: 'expired' }), LlamaServer.start()]);
  const data = await mkdtemp(join(tmpdir(), 'hearth-test-'));
  const lines = ['providers:'];
  const provide = (name, url, { speaks = 'openai', times = patient, keys = [], ca } = {}) => {
    lines.push(`  ${name}:`, `    url: ${url}/v1`, '    sees: secret', '    lan: true', `    speaks: ${speaks}`, `    models: [m, other]`, `    embedding_models: [e]`);
    if (keys.length) lines.push(`    key_files: [${keys.map((key) => join(data, `key-${key}`)).join(', ')}]`);
    if (ca) lines.push(`    ca_file: ${ca}`);
    for (const [key, value] of Object.entries(times)) lines.push(`    ${key}: ${value}`);
  };
  for (const key of ['bad', 'worse', 'good']) await writeFile(join(data, `key-${key}`), `sk-${key}-0123456789\n`);
  for (const [name, options] of entries) provide(name, options.url(), { ...options, ca: options.ca?.() });
  provide('good', good.url);
  lines.push('routes:');
  for (const name of entries.keys()) lines.push(`  then-${name}:`, `    use: [${name}/m, good/m]`);
  await writeFile(join(data, 'hearth.yaml'), `${lines.join('\n')}\n`);
  box = await Box.start([], { HEARTH_SERVER_AUTH: 'required' }, data);
  openai = new OpenAI({ apiKey: box.key, baseURL: `${box.url}/v1`, maxRetries: 0 });
  claude = new Anthropic({ apiKey: box.key, baseURL: box.url, maxRetries: 0 });
});
after(async () => {
  const end = await box?.stop();
  for (const provider of [bad, good, secure, expired, llama]) await provider?.stop();
  assert.deepEqual(end, { code: 0, signal: null }, box?.log.slice(-2000));
  for (const secret of ['sk-bad', 'sk-worse', 'sk-good']) assert.ok(!box.log.includes(secret), `${secret} is in the log`);
});
beforeEach(() => {
  for (const provider of [bad, good, secure, expired]) provider.forget();
});

// A conversation stays with whom it began with: each of these is another one.
let asked = 0;
const messages = () => [{ role: 'user', content: `Was macht die Katze? (${++asked})` }];
const chat = (model, extra = {}) => openai.chat.completions.create({ model, messages: messages(), ...extra });
const post = (model, extra = {}, init = {}) => json(box, '/v1/chat/completions', { model, messages: messages(), ...extra }, init);
const newest = async (count = 1) => JSON.parse((await admin(box, `/admin/calls?limit=${count}`)).text).data;

// A stream read as far as it goes: what it said, and how it ended.
async function readChat(model, extra = {}) {
  const seen = { text: '', chunks: [], error: null };
  try {
    for await (const chunk of await chat(model, { stream: true, ...extra })) {
      seen.chunks.push(chunk);
      seen.text += chunk.choices[0]?.delta.content ?? '';
    }
  } catch (error) {
    seen.error = error;
  }
  return seen;
}
async function readClaude(model, extra = {}) {
  const seen = { text: '', error: null };
  try {
    const stream = claude.messages.stream({ model, messages: messages(), max_tokens: 200, ...extra });
    stream.on('text', (text) => (seen.text += text));
    seen.message = await stream.finalMessage();
  } catch (error) {
    seen.error = error;
  }
  return seen;
}

for (const [dialect, prefix] of [['OpenAI’s dialect', ''], ['Anthropic’s dialect', 'claude ']]) {
  describe(`a provider with ${dialect} that fails before it answers`, () => {
    for (const [name, fault] of early) {
      test(`${name}: another one answers`, async () => {
        bad.always = fault();
        const answer = await chat(`then-${slug(prefix + name)}`);
        assert.equal(answer.choices[0].message.content, sentence);
        await until(() => bad.requests.length > 0, 'it was asked'); // which it may see later than the box gave it up
        assert.deepEqual([bad.requests.length, good.requests.length], [1, 1]);
        const { tried } = await callOf(box, answer._request_id);
        assert.deepEqual(tried.map((t) => t.status === 200), [false, true], JSON.stringify(tried));
        const streamed = await readChat(`then-${slug(prefix + name)}`);
        assert.equal(streamed.error, null);
        assert.equal(streamed.text, sentence);
      });
    }
    for (const [name, fault] of whole) {
      test(`${name}: another one answers`, async () => {
        bad.always = fault();
        const answer = await chat(`then-${slug(prefix + name)}`);
        assert.equal(answer.choices[0].message.content, sentence);
        assert.deepEqual([bad.requests.length, good.requests.length], [1, 1]);
      });
    }
    test('nobody else may answer: the client is told who failed and how', async () => {
      bad.always = faults.html();
      const error = await expectError(await post(`${slug(`${prefix}HTML 502`)}/m`), 502, 'upstream_error');
      assert.match(error.message, /502/);
    });
  });

  describe(`a provider with ${dialect} whose stream breaks`, () => {
    for (const [name, fault] of midway) {
      test(`${name}: the client is told in the stream`, async () => {
        bad.next(fault());
        const seen = await readChat(`then-${slug(prefix + name)}`);
        assert.ok(seen.error, 'the stream must not look whole');
        assert.ok(seen.error instanceof OpenAI.APIError, `${seen.error}`);
        assert.ok(sentence.startsWith(seen.text) && seen.text.length < sentence.length, seen.text);
        assert.equal(good.requests.length, 0, 'nobody else goes on with a sentence that another began');
        bad.next(fault());
        const theirs = await readClaude(`then-${slug(prefix + name)}`);
        assert.ok(theirs.error instanceof Anthropic.AnthropicError, `${theirs.error}`);
        assert.ok(sentence.startsWith(theirs.text) && theirs.text.length < sentence.length, theirs.text);
      });
    }
  });

  describe(`a provider with ${dialect} that is odd and sound`, () => {
    for (const [name, fault] of sound) {
      test(`${name}: the answer is whole`, async () => {
        const model = `${slug(prefix + name)}/m`;
        bad.always = fault();
        const seen = await readChat(model);
        assert.equal(seen.error, null);
        assert.equal(seen.text, sentence);
        assert.equal(seen.chunks.filter((chunk) => chunk.choices[0]?.finish_reason).length, 1);
        assert.ok(seen.chunks.every((chunk) => !chunk.usage), 'nobody asked for the tokens');
        const raw = await (await post(model, { stream: true })).text();
        assert.equal(raw.split('data: [DONE]').length, 2, 'one end');
        assert.ok(raw.trimEnd().endsWith('data: [DONE]'));
        const theirs = await readClaude(model);
        assert.equal(theirs.error, null);
        assert.equal(theirs.text, sentence);
        assert.deepEqual([bad.requests.length, good.requests.length], [3, 0]);
      });
    }
    test('an empty text is an answer: models may have nothing to say', async () => {
      const model = `then-${slug(prefix ? 'claude' : 'well')}`;
      bad.always = faults.emptyText();
      const { choices, usage } = await chat(model);
      assert.equal(choices[0].message.content ?? '', '');
      assert.equal(choices[0].finish_reason, 'stop');
      assert.ok(usage.prompt_tokens > 0);
      const seen = await readChat(model);
      assert.deepEqual([seen.error, seen.text], [null, '']);
      assert.deepEqual([bad.requests.length, good.requests.length], [2, 0]);
    });
    test('tokens are asked for in any case and told to who asks', async () => {
      const model = `${slug(prefix ? 'claude' : 'well')}/m`;
      bad.always = { usage: { input: 1000, cached: 700, output: 50, reasoning: 20 } };
      const seen = await readChat(model, { stream_options: { include_usage: true } });
      const last = seen.chunks.at(-1);
      assert.deepEqual(last.choices, []);
      assert.equal(last.usage.prompt_tokens, 1000);
      assert.equal(last.usage.prompt_tokens_details.cached_tokens, 700);
      assert.equal(last.usage.completion_tokens, 50);
      assert.equal(last.usage.completion_tokens_details.reasoning_tokens, 20);
      await readChat(model, { stream_options: { include_usage: false } });
      await readChat(model);
      await until(async () => (await newest(3)).every((call) => call.input_tokens === 1000 && call.output_tokens === 50), 'all three are settled');
      const theirs = await readClaude(model);
      assert.equal(theirs.message.usage.input_tokens, 300);
      assert.equal(theirs.message.usage.cache_read_input_tokens, 700);
    });
  });

  describe(`keys of a provider with ${dialect}`, () => {
    test('401 on one of two keys: the other one is used, and from then on alone', async () => {
      bad.keys = ['sk-good-0123456789'];
      const name = slug(`${prefix}two keys`);
      try {
        for (let i = 0; i < 2; ++i) assert.equal((await chat(`then-${name}`)).choices[0].message.content, sentence);
      } finally {
        bad.keys = undefined;
      }
      assert.deepEqual(bad.requests.map((r) => r.key), ['sk-bad-0123456789', 'sk-good-0123456789', 'sk-good-0123456789']);
      assert.equal(good.requests.length, 0);
    });
  });

  describe(`a client of a provider with ${dialect} that leaves`, () => {
    const model = `${slug(prefix ? 'claude' : 'well')}/m`;
    test('midway: the provider’s work is cancelled', async () => {
      bad.always = faults.paced(20);
      bad.always.text = `${sentence} `.repeat(200);
      const gone = new AbortController();
      const stream = await openai.chat.completions.create({ model, messages: messages(), stream: true }, { signal: gone.signal });
      let chunks = 0;
      await assert.rejects(async () => {
        for await (const chunk of stream) if (chunk.choices[0]?.delta.content && ++chunks === 3) gone.abort();
        throw new Error('aborted'); // the SDK ends an aborted stream quietly
      });
      await until(() => bad.cancelled === 1, 'the provider is told');
      await until(async () => (await newest())[0].status === 499, 'the call is over');
      await idle(box);
    });
    test('before the answer begins: likewise', async () => {
      bad.always = faults.silent();
      const gone = new AbortController();
      const asked = assert.rejects(post(model, {}, { signal: gone.signal }));
      await until(() => bad.requests.length === 1, 'the provider is asked');
      gone.abort();
      await asked;
      await until(() => bad.cancelled === 1, 'the provider is told');
    });
  });
}

describe('a provider that asks for a pause', () => {
  for (const [form, headers, least, most] of retryAfter) {
    test(`429 with ${form}: it gets the pause, and the client is told`, async () => {
      const name = slug(`retry ${form}`);
      bad.next(faults.limited(headers()));
      const response = await post(`${name}/m`);
      const seconds = Number(response.headers.get('retry-after'));
      await expectError(response, 429);
      assert.ok(seconds >= least && seconds <= most, `${seconds} s`);
      assert.ok(Number(response.headers.get('retry-after-ms')) > 0);
      // While it rests it is not asked, however good it is again.
      const answer = await chat(`then-${name}`);
      assert.equal(answer.choices[0].message.content, sentence);
      if (least > 1) assert.deepEqual([bad.requests.length, good.requests.length], [1, 1]);
    });
  }
});

describe('a provider that is not there', () => {
  const left = async () => {
    const { data: rows } = JSON.parse(await box.hearth('egress', 'report', '--json'));
    const there = rows.filter((row) => row.rule.startsWith(`providers.${slug('away')}.`));
    return there.reduce((sum, row) => ({ calls: sum.calls + row.calls, bytes: sum.bytes + row.bytes_sent }), { calls: 0, bytes: 0 });
  };

  test('connection refused: another one answers, and later it is asked again', async () => {
    await bad.away();
    const before = await left();
    try {
      assert.equal((await chat(`then-${slug('away')}`)).choices[0].message.content, sentence);
      assert.equal(good.requests.length, 1);
      await expectError(await post(`${slug('away')}/m`), 503, 'upstream_unavailable');
      // In the background, for it is within the network around; until its end is recorded, it counts as sent.
      await until(async () => {
        const now = await left();
        return now.calls > before.calls && now.bytes === before.bytes;
      }, 'it is recorded, and that nothing went');
    } finally {
      await bad.back();
    }
    await until(async () => (await chat(`then-${slug('away')}`)) && bad.requests.length > 0, 'it is asked again');
  });
  test('none of its keys is good: another one answers; alone, the client is told what to look at', async () => {
    bad.keys = ['sk-good-0123456789'];
    try {
      assert.equal((await chat(`then-${slug('no good key')}`)).choices[0].message.content, sentence);
      const error = await expectError(await post(`${slug('no good key')}/m`), 503, 'upstream_unavailable');
      assert.match(error.message, /key_files/);
      assert.ok(!error.message.includes('sk-'), error.message);
    } finally {
      bad.keys = undefined;
    }
    assert.equal(bad.requests.length, 2, 'each key once');
  });
});

describe('a provider over TLS', () => {
  test('with a trusted certificate', async () => {
    assert.equal((await chat(`${slug('secure')}/m`)).choices[0].message.content, sentence);
    assert.equal((await readChat(`${slug('secure')}/m`)).text, sentence);
    assert.equal(secure.connections, 1, 'the connection is kept');
  });
  for (const [name, what] of [['expired', /expired/], ['stranger', /ca_file/]]) {
    test(`with one that is ${name === 'expired' ? 'out of date' : 'from a stranger'}: it gets no request, another one answers`, async () => {
      assert.equal((await chat(`then-${slug(name)}`)).choices[0].message.content, sentence);
      assert.equal(secure.requests.length + expired.requests.length, 0);
      const error = await expectError(await post(`${slug(name)}/m`), 503, 'upstream_unavailable');
      assert.match(error.message, what);
    });
  }
});

describe('translated for Anthropic', () => {
  const tools = ['lights', 'heating'].map((name) => ({ type: 'function', function: { name, description: `Switch the ${name}`, parameters: { type: 'object', properties: { on: { type: 'boolean' } }, required: ['on'] } } }));
  test('parallel tools, their results, and the thinking that goes with them', async () => {
    const conversation = [{ role: 'system', content: 'Sei knapp.' }, ...messages()];
    const asked = await chat(`${slug('claude')}/m`, { messages: conversation, tools, max_completion_tokens: 300, thinking: { type: 'enabled', budget_tokens: 1024 }, tool_choice: 'required' });
    const { message, finish_reason } = asked.choices[0];
    assert.equal(finish_reason, 'tool_calls');
    assert.deepEqual(message.tool_calls.map((call) => [call.function.name, JSON.parse(call.function.arguments)]), tools.map((t) => [t.function.name, { on: true, level: 1.5, place: 'Küche' }]));
    assert.equal(message.reasoning_content, thought);
    assert.equal(message.thinking_blocks[0].signature, signature);
    const results = message.tool_calls.map((call) => ({ role: 'tool', tool_call_id: call.id, content: 'done' }));
    const answer = await chat(`${slug('claude')}/m`, { messages: [...conversation, message, ...results], tools });
    assert.equal(answer.choices[0].message.content, sentence);
    const sent = bad.requests[1].body;
    assert.equal(sent.system, 'Sei knapp.');
    assert.deepEqual(sent.messages.map((m) => m.role), ['user', 'assistant', 'user']);
    assert.deepEqual(sent.messages[1].content.map((b) => b.type), ['thinking', 'tool_use', 'tool_use']);
    assert.deepEqual(sent.messages[2].content.map((b) => b.type), ['tool_result', 'tool_result']);
    assert.equal(sent.max_tokens, 4096);
    assert.equal(bad.requests[0].body.max_tokens, 300);
  });
  test('tool calls in a stream', async () => {
    const runner = openai.chat.completions.stream({ model: `${slug('claude')}/m`, messages: messages(), tools, parallel_tool_calls: false });
    const { choices } = await runner.finalChatCompletion();
    assert.deepEqual(choices[0].message.tool_calls.map((call) => JSON.parse(call.function.arguments)), [{ on: true, level: 1.5, place: 'Küche' }]);
  });
  test('a client of Anthropic’s passes as it is', async () => {
    const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } };
    const content = [{ type: 'text', text: 'Was?', cache_control: { type: 'ephemeral' } }, image];
    const body = { model: `${slug('claude')}/m`, max_tokens: 77, temperature: 0.1, system: [{ type: 'text', text: 'Kurz.', cache_control: { type: 'ephemeral' } }], messages: [{ role: 'user', content }], metadata: { user_id: 'u' } };
    const answer = await claude.messages.create(body, { headers: { 'anthropic-beta': 'context-1m' } });
    assert.equal(answer.content[0].text, sentence);
    assert.deepEqual(bad.requests[0].body, { ...body, model: 'm' });
    assert.equal(bad.requests[0].headers['anthropic-beta'], 'context-1m');
    const { input_tokens } = await claude.messages.countTokens({ model: `${slug('claude')}/m`, messages: messages() });
    assert.ok(input_tokens > 0);
  });
  test('what its models cannot do goes to one that can, or is said', async () => {
    const answer = await chat(`then-${slug('claude')}`, { response_format: { type: 'json_object' } });
    assert.equal(answer.choices[0].message.content, sentence);
    assert.deepEqual([bad.requests.length, good.requests.length], [0, 1]);
    await expectError(await post(`${slug('claude')}/m`, { n: 2 }), 400, 'unsupported_value', 'n');
    await expectError(await post(`${slug('claude')}/m`, { messages: [{ role: 'user', content: '' }] }), 400);
  });
});

describe('llama-server, which nobody here wrote', () => {
  for (const name of ['llama', 'llama claude']) {
    test(`asked in ${name === 'llama' ? 'OpenAI' : 'Anthropic'}’s dialect`, async () => {
      const model = `${slug(name)}/m`;
      const answer = await chat(model, { temperature: 0, max_tokens: 100 });
      assert.equal(answer.choices[0].message.content.trim(), said);
      assert.equal(answer.choices[0].finish_reason, 'stop');
      assert.ok(answer.usage.prompt_tokens > 0 && answer.usage.completion_tokens > 10);
      const seen = await readChat(model, { temperature: 0, max_tokens: 100, stream_options: { include_usage: true } });
      assert.equal(seen.error, null);
      assert.equal(seen.text.trim(), said);
      assert.ok(seen.chunks.at(-1).usage.completion_tokens > 10);
      const theirs = await readClaude(model, { temperature: 0 });
      assert.equal(theirs.error, null);
      assert.equal(theirs.text.trim(), said);
      assert.equal(theirs.message.stop_reason, 'end_turn');
      assert.ok(theirs.message.usage.output_tokens > 10);
      const short = await chat(model, { temperature: 0, max_tokens: 3 });
      assert.equal(short.choices[0].finish_reason, 'length');
      const tool = { type: 'function', function: { name: 'light', description: 'Switch the light', parameters: { type: 'object', properties: { on: { type: 'boolean' } }, required: ['on'] } } };
      const called = await chat(model, { temperature: 0, max_tokens: 100, tools: [tool], tool_choice: 'required' });
      assert.equal(called.choices[0].message.tool_calls?.[0].function.name, 'light', JSON.stringify(called.choices[0]));
      JSON.parse(called.choices[0].message.tool_calls[0].function.arguments);
    });
  }
});

describe('secrets', () => {
  test('of clients, of the box and of what is said are in no error, log, record or metric', async () => {
    const password = 'correct-horse-7Gq2vX';
    const said = [{ role: 'user', content: `My password is ${password}, remember it.` }];
    const seen = [];
    // A success, an error that repeats what it was sent, a key that is refused, and one that is no key of this box.
    await chat(`${slug('well')}/m`, { messages: said });
    bad.next(faults.error(400, {}, `Invalid input near: ${password}`));
    seen.push(['the refusal is the provider’s own word', await (await post(`${slug('well')}/m`, { messages: said })).text()]);
    bad.keys = ['sk-good-0123456789'];
    seen.push(await (await post(`${slug('no good key')}/m`, { messages: said })).text());
    bad.keys = undefined;
    seen.push(await (await fetch(`${box.url}/v1/models`, { headers: { authorization: 'Bearer hearth_sk_nobody_has_this_one' } })).text());
    assert.match(seen.shift()[1], /Invalid input/);
    for (const path of ['/admin/calls?limit=1000', '/admin/status', '/admin/spend', '/admin/egress/report']) seen.push((await admin(box, path)).text);
    for (const command of [['explain', 'call'], ['egress', 'report', '--json'], ['status', '--json']]) seen.push(await box.hearth(...command));
    seen.push(await (await fetch(`${box.url}/metrics`, { headers: bearer(box) })).text());
    seen.push(box.log, (await readFile(join(box.data, 'hearth.db'))).toString('latin1'), (await readFile(join(box.data, 'hearth.db-wal')).catch(() => '')).toString('latin1'));
    for (const secret of [password, box.key, 'sk-bad-0123456789', 'sk-worse-0123456789', 'sk-good-0123456789', 'hearth_sk_nobody_has_this_one'])
      for (const text of seen) assert.ok(!text.includes(secret), `${secret} is in ${text.slice(Math.max(0, text.indexOf(secret) - 200), text.indexOf(secret) + 100)}`);
  });
});

describe('a flood with keys that nobody has', () => {
  test('is turned away at the door, and who has a key is served meanwhile', async () => {
    let over = false;
    let turnedAway = 0;
    const intruder = async (number) => {
      for (let i = 0; i < 60; ++i) {
        const response = await post(`${slug('well')}/m`, {}, { headers: { 'content-type': 'application/json', authorization: `Bearer sk-guess-${number}-${i}` } });
        if (response.status === 401) ++turnedAway;
        await response.arrayBuffer();
      }
    };
    const flood = Promise.all(Array.from({ length: 50 }, (_, i) => intruder(i))).finally(() => (over = true));
    let served = 0;
    do {
      assert.equal((await chat(`${slug('well')}/m`)).choices[0].message.content, sentence);
      ++served;
    } while (!over);
    await flood;
    assert.equal(turnedAway, 3000);
    assert.equal(bad.requests.length, served, 'nobody else’s request went on');
    await idle(box);
  });
});

describe('size', () => {
  test('large prompts that are under way hold up no small stream', async () => {
    let open;
    const held = new Promise((resolve) => (open = resolve));
    const large = [{ role: 'user', content: 'Katze '.repeat(100_000) }];
    bad.next(...Array.from({ length: 4 }, () => faults.held(held)));
    const waiting = Array.from({ length: 4 }, () => chat(`${slug('well')}/m`, { messages: large }));
    await until(() => bad.requests.length === 4, 'the large ones are with the provider');
    // And one whose body has only half come.
    const half = await Raw.open(box.url);
    const text = JSON.stringify({ model: `${slug('well')}/m`, messages: large });
    await half.send(`POST /v1/chat/completions HTTP/1.1\r\nHost: ${half.host}\r\nAuthorization: Bearer ${box.key}\r\nContent-Type: application/json\r\nContent-Length: ${text.length}\r\n\r\n${text.slice(0, text.length / 2)}`);
    for (const seen of await Promise.all(Array.from({ length: 20 }, () => readChat(`${slug('well')}/m`)))) assert.deepEqual([seen.error, seen.text], [null, sentence]);
    assert.equal(bad.requests.length, 24, 'the streams came to their end while the large ones waited');
    open();
    for (const answer of await Promise.all(waiting)) assert.equal(answer.choices[0].message.content, sentence);
    await half.send(text.slice(text.length / 2));
    assert.equal((await half.response()).status, 200);
    half.destroy();
  });
  test('a prompt of 100,000 tokens beside small streams', async () => {
    const large = [{ role: 'user', content: 'Katze '.repeat(100_000) }];
    const all = await Promise.all([chat(`${slug('well')}/m`, { messages: large }), ...Array.from({ length: 20 }, () => readChat(`${slug('well')}/m`)), chat(`${slug('claude')}/m`, { messages: large })]);
    assert.equal(all[0].choices[0].message.content, sentence);
    assert.equal(all.at(-1).choices[0].message.content, sentence);
    for (const seen of all.slice(1, -1)) assert.deepEqual([seen.error, seen.text], [null, sentence]);
    assert.equal(Math.max(...bad.requests.map((r) => r.text.length)) > 600_000, true);
  });
  test('500,000 messages', async () => {
    const many = JSON.stringify({ model: 'M', messages: Array.from({ length: 500_000 }, (_, i) => ({ role: i % 2 ? 'assistant' : 'user', content: 'a' })).concat(messages()) });
    for (const model of [`${slug('well')}/m`, `${slug('claude')}/m`]) {
      const response = await fetch(`${box.url}/v1/chat/completions`, { method: 'POST', headers: { 'content-type': 'application/json', ...bearer(box) }, body: many.replace('"M"', `"${model}"`) });
      assert.equal(response.status, 200, await response.clone().text());
      assert.equal((await response.json()).choices[0].message.content, sentence);
      assert.equal(bad.requests.at(-1).body.messages.length, 500_001);
    }
  });
});

describe('other endpoints', () => {
  test('embeddings and responses', async () => {
    const { data } = await openai.embeddings.create({ model: `${slug('well')}/e`, input: ['a', 'b'] });
    assert.equal(data.length, 2);
    const response = await openai.responses.create({ model: `${slug('well')}/m`, input: 'Was macht die Katze?' });
    assert.equal(response.output_text, sentence);
  });
});

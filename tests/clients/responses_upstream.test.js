// OpenAI's Responses API at providers that have it: what clients write goes there as they wrote it, tools that run there and
// what is kept there included; everybody else gets a translation. The provider is the tests' own, and then a server that
// nobody here wrote.
import assert from 'node:assert/strict';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { Agent, OpenAIResponsesModel, Runner, tool } from '@openai/agents';
import OpenAI from 'openai';
import { z } from 'zod';
import { Box } from './harness.js';
import { LlamaServer, said } from './llama_server.js';
import { Provider, faults } from './provider.js';
import { sentence, signature, thought } from './provider_dialects.js';
import { admin, bearer, expectError, json, until } from './support.js';

const address = 'jane.doe@example.org';
const card = '4111 1111 1111 1111';

let one; // has the Responses API, and so has
let two;
let plain; // has not
let llama; // nobody here wrote
let box;
let client;
let data;
let tries = 0;

const configured = () => {
  const of = (provider, more = 'responses: true') => `{ url: "${provider.url}/v1", sees: internal, lan: true, models: [m, other], first_byte_time: 2s, stall_time: 2s, ${more} }`;
  // Each test of a failure has a provider of its own as far as the box knows.
  const own = failing.map((name) => [`  ${name}: ${of(one)}`, `  cloud-${name}: ${of(one).replace('lan: true', 'lan: false')}`].join('\n'));
  return `providers:
  one: ${of(one)}
  two: ${of(two)}
  plain: ${of(plain, 'responses: false')}
  cached: ${of(one)}
  priced: ${of(one).replace('lan: true', 'lan: false')}
  llama: { url: "${llama.url}/v1", sees: secret, lan: true, models: [tiny], responses: true }
${own.join('\n')}
routes:
  mixed: { use: [one/m, plain/m] }
  translated: { use: [plain/m, one/m] }
  either: { use: [one/m, two/m] }
  charged: { use: [cloud-e-failed/m, cloud-b-cut/m] }
  hasty: { use: [two/m, plain/m], hedge_after: 300ms }
${failing.map((name) => `  then-${name}: { use: [${name}/m, plain/m] }`).join('\n')}
policy: { default_class: internal }
budgets:
  prices: [priced/m input 100 cached 10 output 1000 USD]
  limits: [key spender 0.2 USD in total]
privacy: { personal: redact }
`;
};

// Before anything of an answer came, and in the middle of a stream.
const early = { 'e-500': () => faults.error(500), 'e-429': () => faults.limited(), 'e-html': () => faults.html(200), 'e-json': () => faults.notJson(), 'e-empty': () => faults.emptyObject(), 'e-error': () => faults.errorBody(), 'e-failed': () => faults.failed(), 'e-silent': () => faults.silent(), 'e-reset': () => faults.reset() };
const begun = { 'b-cut': () => faults.cut(2), 'b-error': () => faults.errorEvent(2), 'b-typed': () => faults.typedError(2), 'b-failed': () => faults.failed() };
const midway = { 'm-cut': () => faults.cut(8), 'm-hang': () => faults.hangUp(8), 'm-stall': () => faults.stall(8), 'm-json': () => faults.malformed(8), 'm-error': () => faults.typedError(8), 'm-plain': () => faults.errorEvent(8), 'm-failed': () => faults.failsAfter(8) };
const failing = [...Object.keys(early), ...Object.keys(begun), ...Object.keys(midway)];

before(async () => {
  [one, two, plain, llama] = await Promise.all([Provider.start(), Provider.start(), Provider.start(), LlamaServer.start()]);
  data = await mkdtemp(join(tmpdir(), 'hearth-test-'));
  await writeFile(join(data, 'hearth.yaml'), configured());
  box = await Box.start([], { HEARTH_SERVER_AUTH: 'required', HEARTH_CACHE_ENABLED: 'true' }, data);
  client = new OpenAI({ apiKey: box.key, baseURL: `${box.url}/v1`, maxRetries: 0, fetch: box.fetch });
});
after(async () => {
  const end = await box?.stop();
  for (const provider of [one, two, plain, llama]) await provider?.stop();
  assert.deepEqual(end, { code: 0, signal: null }, box?.log.slice(-2000));
  assert.deepEqual(box.contract.violations, []);
  assert.ok(!box.log.includes(address), 'no log line has the address');
});
beforeEach(() => {
  for (const provider of [one, two, plain]) provider.forget();
});

// A conversation stays with whom it began with: each of these is another one.
const ask = (extra = {}) => ({ model: 'one/m', input: `Was macht die Katze? (${++tries})`, ...extra });
const create = (extra, options) => client.responses.create(ask(extra), options);
const post = (body, headers = {}) => json(box, '/v1/responses', body, { headers: { 'content-type': 'application/json', ...bearer(box), ...headers } });
const story = async () => JSON.parse((await admin(box, '/admin/calls?limit=1')).text).data[0];
const light = { type: 'function', name: 'light', description: 'Switch the light', parameters: { type: 'object', properties: {}, additionalProperties: true }, strict: false };
const search = { tools: [{ type: 'web_search' }] };

async function read(extra = {}) {
  const seen = { text: '', events: [], error: null };
  for await (const event of await create({ stream: true, ...extra })) {
    seen.events.push(event);
    if (event.type === 'response.output_text.delta') seen.text += event.delta;
    if (event.type === 'error') seen.error = event;
  }
  return seen;
}

describe('as it was written', () => {
  test('the request arrives byte for byte, with the model’s name there', async () => {
    const text = '{ "next_month":[1e400,{"b":1,"a":2.50}], "input" : "hi \\u00e4",\n "model":"one/m", "store":false,"metadata":{"z":"1","a":"2"} }';
    const response = await post(text, { 'openai-beta': 'responses=next' });
    assert.equal(response.status, 200);
    assert.equal((await response.json()).output.at(-1).content[0].text, sentence);
    assert.equal(one.requests[0].text, text.replace('one/m', 'm'));
    assert.equal(one.requests[0].path, '/v1/responses');
    assert.equal(one.requests[0].headers['openai-beta'], 'responses=next');
  });
  test('an answer comes back byte for byte, whole and streamed', async () => {
    const direct = async (stream) => (await fetch(`${one.url}/v1/responses`, { method: 'POST', body: JSON.stringify({ model: 'm', input: 'hi', stream }) })).text();
    for (const stream of [false, true]) {
      one.next({ id: 'resp_same' }, { id: 'resp_same' });
      const wanted = await direct(stream);
      const got = await (await post({ model: 'one/m', input: 'hi', stream })).text();
      assert.equal(got, wanted);
    }
  });
  test('a tool that the provider runs, and reasoning that only it can read', async () => {
    const more = { ...search, reasoning: { effort: 'low', summary: 'auto' }, include: ['reasoning.encrypted_content'], store: false };
    const response = await create(more);
    assert.deepEqual(response.output.map((item) => item.type), ['reasoning', 'web_search_call', 'message']);
    assert.equal(response.output[0].encrypted_content, signature);
    const input = [{ role: 'user', content: `Und (${tries})?` }, ...response.output, { role: 'user', content: 'Und dann?' }];
    assert.equal((await create({ ...more, input })).output_text, sentence);
    const streamed = await client.responses.stream(ask(more)).finalResponse();
    assert.equal(streamed.output_text, sentence);
    assert.equal(streamed.output[0].summary[0].text, thought);
  });
  test('its tokens are counted as the provider counts them', async () => {
    const usage = { input: 1000, cached: 600, output: 70, reasoning: 50 };
    one.always = { usage };
    const { usage: told } = await create();
    assert.equal(told.input_tokens_details.cached_tokens, 600);
    for (const stream of [false, true]) {
      await (await post(ask({ stream }))).text();
      const call = await story();
      assert.deepEqual([call.input_tokens, call.output_tokens], [1000, 70]);
    }
  });
  test('functions are called, by an agent of OpenAI’s as well', async () => {
    const { output } = await create({ tools: [light] });
    assert.deepEqual(JSON.parse(output.find((item) => item.type === 'function_call').arguments), { on: true, level: 1.5, place: 'Küche' });
    const done = [];
    const agent = (settings) =>
      new Agent({ name: 'keeper', model: new OpenAIResponsesModel(client, 'one/m'), modelSettings: settings, tools: [tool({ name: 'light', description: 'Switch the light', parameters: z.object({ on: z.boolean(), level: z.number(), place: z.string() }), execute: async ({ on }) => (done.push(on), 'done') })] });
    for (const settings of [{ store: false }, {}]) {
      const result = await new Runner({ tracingDisabled: true }).run(agent(settings), `Es ist dunkel. (${++tries})`);
      assert.equal(result.finalOutput, sentence);
      const stream = await new Runner({ tracingDisabled: true }).run(agent(settings), `Es ist dunkel. (${++tries})`, { stream: true });
      await stream.completed;
      assert.equal(stream.finalOutput, sentence);
    }
    assert.deepEqual(done, [true, true, true, true]);
    assert.ok(one.requests.every((request) => request.path === '/v1/responses'));
  });
  test('an answer that stops early is one', async () => {
    one.next({ status: 'incomplete' }, { status: 'incomplete' });
    assert.equal((await create()).incomplete_details.reason, 'max_output_tokens');
    assert.equal((await read()).events.at(-1).type, 'response.incomplete');
  });
  test('what is wrong with the request is told in the provider’s words', async () => {
    await assert.rejects(create({ previous_response_id: 'resp_nobody' }), (error) => error.status === 400 && error.param === 'previous_response_id' && /not found/.test(error.message));
  });
  test('an answer later is refused', async () => {
    await assert.rejects(create({ background: true }), (error) => error.status === 400 && error.code === 'unsupported_value' && error.param === 'background');
    assert.equal(one.requests.length, 0);
  });
});

describe('who is asked', () => {
  test('the second of a mixed route gets a translation', async () => {
    one.next(faults.error(500));
    assert.equal((await create({ model: 'mixed' })).output_text, sentence);
    assert.deepEqual([one.requests[0].path, plain.requests[0].path], ['/v1/responses', '/v1/chat/completions']);
    plain.next(faults.error(500));
    assert.equal((await create({ model: 'translated' })).output_text, sentence);
    assert.equal(one.requests[1].path, '/v1/responses');
  });
  test('what cannot be translated passes over who has not this API, and that is said', async () => {
    const response = await create({ model: 'translated', ...search });
    assert.equal(response.output_text, sentence);
    assert.equal(plain.requests.length, 0);
    assert.match(await box.hearth('explain', 'call', (await story()).id), /plain\/m.*it has no Responses API, and `tools\[0\]` can be asked of no other/s);
    await assert.rejects(create({ model: 'plain/m', ...search }), (error) => error.status === 400 && error.code === 'unsupported_value' && error.param === 'tools[0]');
  });
  test('what goes on from an answer goes to who gave it, by whatever name', async () => {
    two.kept.clear();
    const first = await create({ model: 'two/m' });
    for (const model of ['either', 'two/other', 'm']) {
      const next = await create({ model, previous_response_id: first.id });
      assert.equal(next.previous_response_id, first.id);
    }
    assert.equal(one.requests.length, 0);
    // Streamed answers are known as well, and nobody else is asked when that one is away.
    const streamed = await client.responses.stream(ask({ model: 'two/m' })).finalResponse();
    await create({ model: 'either', previous_response_id: streamed.id });
    assert.match((await expectError(await post(ask({ model: 'one/m', previous_response_id: streamed.id })), 400, 'invalid_value', 'previous_response_id')).message, /kept by two/);
    assert.equal(one.requests.length, 0);
  });
  test('an answer that nobody remembers: the only one who could is asked, several are not', async () => {
    one.kept.add('resp_old');
    assert.equal((await create({ previous_response_id: 'resp_old' })).output_text, sentence);
    one.kept.add('resp_older');
    const error = await expectError(await post(ask({ model: 'either', previous_response_id: 'resp_older' })), 400, 'invalid_value', 'previous_response_id');
    assert.match(error.message, /one\/m/);
    assert.equal(one.requests.length, 1);
    const known = await create({ model: 'one/m', conversation: 'conv_1' });
    assert.equal(known.output_text, sentence);
    await create({ model: 'either', conversation: { id: 'conv_1' } });
    assert.equal(two.requests.length, 0);
  });
  test('what one person’s call has left is nobody else’s', async () => {
    const { id } = await create();
    const key = (await box.hearth('keys', 'new', 'other', '--quiet')).trim();
    await expectError(await post(ask({ previous_response_id: id }), { authorization: `Bearer ${key}` }), 400, 'invalid_value', 'previous_response_id');
    assert.equal(one.requests.length, 1);
  });
  test('an answer that was translated is nothing to go on from', async () => {
    const { id } = await create({ model: 'plain/m' });
    await expectError(await post(ask({ model: 'translated', previous_response_id: id })), 400, 'unsupported_value', 'previous_response_id');
    assert.equal(one.requests.length, 0);
  });
});

describe('what it costs', () => {
  test('is reserved at worst, and counted with what came from a cache', async () => {
    one.always = { usage: { input: 1000, cached: 600, output: 70, reasoning: 50 } };
    const spender = { authorization: `Bearer ${(await box.hearth('keys', 'new', 'spender', '--quiet')).trim()}` };
    const body = () => ask({ model: 'priced/m', max_output_tokens: 50, stream: true });
    assert.equal((await post(body(), spender)).status, 200);
    const spent = async () => JSON.parse((await admin(box, '/admin/budgets')).text).data.find(({ budget }) => budget.startsWith('key spender ')).spent;
    await until(async () => Number(await spent()) === 0.116, 'the call has ended'); // 400 × 100 + 600 × 10 + 70 × 1000 millionths
    await expectError(await post(body(), spender), 429, 'budget_exceeded');
    assert.equal(one.requests.length, 1);
  });
  test('a second who answers sooner gets a translation', async () => {
    two.next(faults.silent());
    const response = await create({ model: 'hasty' });
    assert.equal(response.output_text, sentence);
    assert.equal(plain.requests[0].path, '/v1/chat/completions');
    await until(() => two.cancelled === 1, 'the first is given up');
  });
});

describe('providers that misbehave', () => {
  for (const [name, fault] of Object.entries(early))
    test(`${name}: the next is asked`, async () => {
      for (const stream of [false, true]) {
        one.always = fault();
        const text = stream ? (await read({ model: `then-${name}` })).text : (await create({ model: `then-${name}` })).output_text;
        assert.equal(text, sentence);
      }
      assert.ok(plain.requests.length === 2);
    });
  for (const [name, fault] of Object.entries(begun))
    test(`${name}: a stream in which nothing was said yet is not begun`, async () => {
      one.always = fault();
      const seen = await read({ model: `then-${name}` });
      assert.equal(seen.text, sentence);
      assert.equal(seen.events.filter((event) => event.type === 'response.created').length, 1);
    });
  for (const [name, fault] of Object.entries(midway))
    test(`${name}: a stream ends with an error, not as if it were whole`, async () => {
      one.always = fault();
      const seen = await read({ model: `then-${name}` });
      assert.ok(seen.error, JSON.stringify(seen.events.at(-1)));
      assert.ok(!seen.events.some((event) => event.type === 'response.completed'));
      assert.ok(sentence.startsWith(seen.text) && seen.text !== sentence);
      assert.equal(plain.requests.length, 0);
      if (name === 'm-failed') assert.equal(seen.events.at(-2).response.error.code, 'server_error');
    });
  for (const [name, how] of Object.entries({ bytes: faults.split(1), 'seven bytes': faults.split(7), CRLF: faults.lineEnds('\r\n'), comments: faults.comments(), 'two ends': faults.twiceDone(), 'no usage': faults.noUsage(), 'huge usage': faults.hugeUsage() }))
    test(`${name} is odd and sound`, async () => {
      one.always = how;
      const seen = await read({ model: 'one/m' });
      assert.equal(seen.text, sentence);
      assert.equal(seen.error, null);
    });
  test('what may have been charged for is not asked of another who charges', async () => {
    one.always = faults.failed();
    assert.match((await expectError(await post(ask({ model: 'charged' })), 502, 'upstream_error')).message, /The model has failed.*charged for it/);
    assert.equal(one.requests.length, 1);
  });
  test('a client that leaves is not paid for to the end', async () => {
    one.always = faults.paced(200); // longer than a client may take that comes back
    const leave = new AbortController();
    const unchecked = new OpenAI({ apiKey: box.key, baseURL: `${box.url}/v1`, maxRetries: 0 }); // for streams that do not end
    const left = await unchecked.responses.create(ask({ stream: true }), { signal: leave.signal });
    for await (const event of left) if (event.type === 'response.output_text.delta') leave.abort();
    await until(() => one.cancelled === 1, 'the provider is told');
  });
});

describe('personal data', () => {
  const text = `Schreib an ${address}. (1)`;
  test('leave as placeholders and come back as they were, whole and streamed', async () => {
    for (const stream of [false, true]) {
      one.next({ text: 'An [EMAIL_1], nicht [EMAIL_2]: [EMAIL_1' });
      const input = [{ role: 'user', content: [{ type: 'input_text', text }] }];
      if (stream) {
        const seen = await read({ input });
        assert.equal(seen.text, `An ${address}, nicht [EMAIL_2]: [EMAIL_1`);
        assert.equal(seen.events.find((event) => event.type === 'response.output_text.done').text, seen.text);
        assert.equal(seen.events.at(-1).response.output[0].content[0].text, seen.text);
        seen.events.forEach((event, i) => assert.equal(event.sequence_number, i));
      } else {
        assert.equal((await create({ input })).output_text, `An ${address}, nicht [EMAIL_2]: [EMAIL_1`);
      }
      assert.equal(one.requests.at(-1).body.input[0].content[0].text, text.replace(address, '[EMAIL_1]'));
      assert.equal(one.requests.at(-1).path, '/v1/responses');
      assert.ok(!one.requests.at(-1).text.includes(address));
    }
  });
  test('are found wherever a request has them', async () => {
    await create({ metadata: { of: address }, instructions: `You are ${address}.`, ...search });
    assert.ok(!one.requests[0].text.includes(address), one.requests[0].text);
  });
  test('that may not leave do not', async () => {
    await expectError(await post(ask({ input: `my card is ${card}`, ...search })), 403, 'data_class_denied');
    await expectError(await post(ask({ ...search }), { 'x-hearth-data-class': 'secret' }), 403, 'data_class_denied');
    assert.equal(one.requests.length, 0);
  });
  test('have no placeholders where the provider has others from before', async () => {
    const { id } = await create();
    await expectError(await post(ask({ input: text, previous_response_id: id })), 403, 'data_class_denied');
    assert.equal(one.requests.length, 1);
  });
  test('sealed thoughts are no file that nobody looked into', async () => {
    const encrypted_content = Buffer.from(Array.from({ length: 3000 }, (_, i) => (i * 7919) % 256)).toString('base64');
    const response = await post(ask({ input: [{ type: 'reasoning', id: 'rs_1', summary: [], encrypted_content }, { role: 'user', content: 'Und?' }] }));
    assert.match((await expectError(response, 400)).message, /could not be verified/);
    assert.equal(one.requests.length, 1);
  });
});

describe('what is asked again', () => {
  const twice = async (extra) => {
    const body = ask({ temperature: 0, model: 'cached/m', ...extra });
    for (let i = 0; i < 2; ++i) assert.equal((await post(body)).status, 200);
    return one.requests.length;
  };
  test('is answered from the cache only where the provider keeps nothing of it', async () => {
    assert.equal(await twice({ store: false }), 1);
    one.forget();
    assert.equal(await twice({}), 2);
    one.forget();
    assert.equal(await twice({ store: false, ...search }), 2);
    one.forget();
    one.kept.add('resp_before');
    assert.equal(await twice({ store: false, previous_response_id: 'resp_before' }), 2);
  });
  test('under an Idempotency-Key is sent once', async () => {
    const body = ask({ ...search });
    const headers = { 'idempotency-key': `k-${Date.now()}` };
    const first = await (await post(body, headers)).json();
    assert.deepEqual(await (await post(body, headers)).json(), first);
    assert.equal(one.requests.length, 1);
  });
  test('later, as a deferred call, is passed on as well', async () => {
    const response = await post(ask({ ...search }), { prefer: 'respond-async, wait=60' });
    assert.equal(response.status, 200);
    assert.deepEqual((await response.json()).output.map((item) => item.type), ['web_search_call', 'message']);
  });
});

test('after a restart, answers are known by the only one who could have given them', async () => {
  const kept = await create();
  box.process.kill('SIGTERM');
  await box.exited;
  const before = box;
  box = await Box.start([], { HEARTH_SERVER_AUTH: 'required', HEARTH_CACHE_ENABLED: 'true' }, data);
  assert.deepEqual(before.contract.violations, []);
  client = new OpenAI({ apiKey: box.key, baseURL: `${box.url}/v1`, maxRetries: 0, fetch: box.fetch });
  assert.equal((await create({ previous_response_id: kept.id })).output_text, sentence);
  await expectError(await post(ask({ model: 'either', previous_response_id: 'resp_unknown' })), 400, 'invalid_value');
});

test('llama.cpp’s own server', async () => {
  const response = await create({ model: 'llama/tiny', temperature: 0 });
  assert.equal(response.output_text.trim(), said);
  assert.ok(response.usage.output_tokens > 10);
  let text = '';
  for await (const event of await create({ model: 'llama/tiny', temperature: 0, stream: true })) if (event.type === 'response.output_text.delta') text += event.delta;
  assert.equal(text.trim(), said);
  assert.ok((await story()).output_tokens > 10);
});

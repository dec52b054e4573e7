// A model that both writes speech down and translates it, as a pulled one does. The engine is a fixture that says what it was
// asked, so this proves the way to an engine, not a translation.
import assert from 'node:assert/strict';
import { chmod, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import OpenAI, { toFile } from 'openai';
import { Box, environment, wav } from './harness.js';

const bin = process.env.HEARTH_BIN_DIR ?? new URL('../../build/release/bin', import.meta.url).pathname;
const engines = environment.HEARTH_ENGINES ?? join(bin, '../engines');
const manifest = `name: ears
program: fixture_engine
models:
  - {id: ears-small, task: transcription, languages: [zh, en]}
  - {id: ears-small, task: translation}
memory: 512 MiB
start_deadline: 60s
`;

let box;
let folder;
let client;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hearth-engines-'));
  await cp(join(engines, 'media'), join(folder, 'media'), { recursive: true });
  await mkdir(join(folder, 'ears'));
  await cp(join(bin, '../tests/fixture_engine'), join(folder, 'ears/fixture_engine'));
  await writeFile(join(folder, 'ears/engine.yaml'), manifest);
  // The sandbox's user reads them too.
  await chmod(folder, 0o755);
  box = await Box.start([], { HEARTH_ENGINES: folder });
  client = new OpenAI({ baseURL: `${box.url}/v1`, apiKey: box.key, fetch: box.fetch, maxRetries: 0 });
});
after(async () => {
  const end = await box?.stop();
  await rm(folder, { recursive: true, force: true });
  assert.deepEqual(end, { code: 0, signal: null }, box?.log.slice(-2000));
});

const sound = async () => toFile(wav(0.5), 'tone.wav');
const asked = (text) => Object.fromEntries([...text.matchAll(/(\w+)=(\S*)/g)].map(([, name, value]) => [name, value]));

describe('translation', () => {
  test('reaches the engine as its task', async () => {
    const answer = await client.audio.translations.create({ model: 'whisper-1', file: await sound(), prompt: 'Hörsching', temperature: 0.25, response_format: 'verbose_json' });
    assert.deepEqual(asked(answer.text), { task: 'translate', prompt: 'Hörsching', language: '', temperature: '0.25' });
    assert.equal(answer.language, 'english'); // what is written, not what was spoken
    assert.equal(answer.task, 'translate');
    assert.equal(answer.segments.length, 3);
  });
  test('by the model’s own name, as text', async () => {
    const text = await client.audio.translations.create({ model: 'ears-small', file: await sound(), response_format: 'text' });
    assert.equal(asked(text).task, 'translate');
  });
  test('a model that does not translate is named', async () => {
    await assert.rejects(client.audio.translations.create({ model: 'nobody', file: await sound() }), { status: 404, code: 'model_not_found' });
  });
  test('the model is listed once, with its first task', async () => {
    const { data } = await client.models.list();
    const ids = data.map((m) => m.id);
    assert.equal(new Set(ids).size, ids.length, ids.join(' '));
    assert.equal(data.find((m) => m.id === 'ears-small').task, 'transcription');
    assert.equal((await box.engine('ears')).models.length, 1);
  });
});

describe('transcription', () => {
  test('tells the engine language, prompt and temperature', async () => {
    const answer = await client.audio.transcriptions.create({ model: 'whisper-1', file: await sound(), language: 'zh', prompt: 'a b&c', temperature: 1 });
    assert.match(answer.text, /task= prompt=a b&c language=zh temperature=1$/);
  });
  test('puts no space between Chinese sentences', async () => {
    let joined = '';
    let done;
    for await (const event of await client.audio.transcriptions.create({ model: 'whisper-1', file: await sound(), stream: true })) {
      if (event.type === 'transcript.text.delta') joined += event.delta;
      if (event.type === 'transcript.text.done') done = event.text;
    }
    assert.ok(joined.startsWith('你好。世界。 task='), joined);
    assert.equal(joined, done);
  });
});

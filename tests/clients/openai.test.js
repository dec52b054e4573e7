// The official `openai` package against every endpoint. Each exchange is also held against the OpenAPI document.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import OpenAI, { toFile } from 'openai';
import { Box, dataUrl, pdf, wav } from './harness.js';

let box;
let client;
before(async () => {
  box = await Box.start();
  client = new OpenAI({ apiKey: box.key, baseURL: `${box.url}/v1`, fetch: box.fetch, maxRetries: 0 });
});
after(async () => {
  const end = await box?.stop();
  assert.deepEqual(end, { code: 0, signal: null }, box?.log.slice(-2000));
});

const cosine = (a, b) => a.reduce((sum, x, i) => sum + x * b[i], 0) / Math.sqrt(a.reduce((s, x) => s + x * x, 0) * b.reduce((s, x) => s + x * x, 0));
const rejects = (promise, status, code, extra = {}) =>
  assert.rejects(promise, (error) => {
    assert.equal(error.status, status, error.message);
    assert.equal(error.code, code, error.message);
    for (const [key, value] of Object.entries(extra)) assert.equal(error[key], value);
    assert.ok(error.error.message.length > 10);
    assert.deepEqual(Object.keys(error.error).sort(), ['code', 'message', 'param', 'type']);
    return true;
  });

describe('models', () => {
  test('lists models and the names that clients have built in', async () => {
    const ids = [];
    for await (const model of client.models.list()) ids.push(model.id);
    for (const name of ['whisper-1', 'tts-1', 'tts-1-hd', 'gpt-4o-mini-tts', 'text-embedding-3-small']) assert.ok(ids.includes(name), `${name} in ${ids}`);
    assert.equal((await client.models.retrieve('whisper-1')).object, 'model');
    await rejects(client.models.retrieve('no-such-model'), 404, 'model_not_found', { param: 'model' });
  });
});

describe('embeddings', () => {
  test('a string; the SDK asks for base64 and decodes it', async () => {
    const answer = await client.embeddings.create({ model: 'text-embedding-3-small', input: 'The cat sat on the mat.' });
    assert.equal(answer.object, 'list');
    assert.equal(answer.model, 'text-embedding-3-small');
    assert.equal(answer.data.length, 1);
    assert.equal(answer.data[0].embedding.length, 256);
    assert.ok(answer.usage.prompt_tokens > 0);
  });
  test('near texts are near, far texts are far', async () => {
    const { data } = await client.embeddings.create({
      model: 'text-embedding-3-small',
      input: ['How do I bake bread?', 'A recipe for a loaf of bread', 'The stock market fell sharply today'],
      encoding_format: 'float',
    });
    const [a, b, c] = data.map((d) => d.embedding);
    assert.ok(cosine(a, b) > cosine(a, c) + 0.2, `${cosine(a, b)} against ${cosine(a, c)}`);
    assert.deepEqual(data.map((d) => d.index), [0, 1, 2]);
  });
  test('float and base64 are the same numbers', async () => {
    const ask = (encoding_format) => client.embeddings.create({ model: 'text-embedding-3-small', input: 'same', encoding_format });
    const floats = (await ask('float')).data[0].embedding;
    const raw = Buffer.from((await ask('base64')).data[0].embedding, 'base64');
    const decoded = Array.from({ length: raw.length / 4 }, (_, i) => raw.readFloatLE(4 * i));
    assert.equal(decoded.length, floats.length);
    decoded.forEach((x, i) => assert.ok(Math.abs(x - floats[i]) < 1e-6));
  });
  test('token ids of cl100k_base are understood as their text', async () => {
    const text = await client.embeddings.create({ model: 'text-embedding-3-small', input: 'hello world', encoding_format: 'float' });
    const ids = await client.embeddings.create({ model: 'text-embedding-3-small', input: [15339, 1917], encoding_format: 'float' });
    const lists = await client.embeddings.create({ model: 'text-embedding-3-small', input: [[15339, 1917], [15339]], encoding_format: 'float' });
    assert.ok(cosine(text.data[0].embedding, ids.data[0].embedding) > 0.999);
    assert.equal(lists.data.length, 2);
  });
  test('dimensions shorten the vector, which stays of length one', async () => {
    const { data } = await client.embeddings.create({ model: 'text-embedding-3-small', input: 'short', dimensions: 64, encoding_format: 'float' });
    assert.equal(data[0].embedding.length, 64);
    assert.ok(Math.abs(Math.hypot(...data[0].embedding) - 1) < 1e-3);
  });
  test('wrong requests say which field', async () => {
    const model = 'text-embedding-3-small';
    await rejects(client.embeddings.create({ model, input: ['a', 7] }), 400, 'invalid_type', { param: 'input[1]' });
    await rejects(client.embeddings.create({ model, input: [] }), 400, 'empty_array', { param: 'input' });
    await rejects(client.embeddings.create({ model, input: 'x', dimensions: 'many' }), 400, 'invalid_type', { param: 'dimensions' });
    await rejects(client.embeddings.create({ model: 'no-such-model', input: 'x' }), 404, 'model_not_found', { param: 'model' });
    await rejects(client.embeddings.create({ model, input: Array(10_000).fill('x') }), 400, 'array_above_max_length', { param: 'input' });
  });
  test('unknown fields are ignored', async () => {
    const answer = await client.embeddings.create({ model: 'text-embedding-3-small', input: 'x', a_field_of_tomorrow: { deep: [1] } });
    assert.equal(answer.data.length, 1);
  });
});

describe('speech', () => {
  const magic = {
    mp3: (b) => (b[0] === 0xff && (b[1] & 0xe0) === 0xe0) || b.subarray(0, 3).toString() === 'ID3',
    opus: (b) => b.subarray(0, 4).toString() === 'OggS' && b.includes('OpusHead'),
    aac: (b) => b[0] === 0xff && (b[1] & 0xf6) === 0xf0,
    flac: (b) => b.subarray(0, 4).toString() === 'fLaC',
    wav: (b) => b.subarray(0, 4).toString() === 'RIFF' && b.subarray(8, 12).toString() === 'WAVE',
    pcm: (b) => b.length % 2 === 0 && b.length > 24000,
  };
  for (const [response_format, looks] of Object.entries(magic)) {
    test(`speaks as ${response_format}`, async () => {
      const answer = await client.audio.speech.create({ model: 'tts-1', voice: 'alloy', input: 'Hello from the little box on the shelf.', response_format });
      const bytes = Buffer.from(await answer.arrayBuffer());
      assert.ok(looks(bytes), bytes.subarray(0, 16).toString('hex'));
    });
  }
  test('every voice of OpenAI speaks, and not all alike', async () => {
    const heard = new Set();
    for (const voice of ['alloy', 'ash', 'ballad', 'coral', 'echo', 'fable', 'nova', 'onyx', 'sage', 'shimmer', 'verse']) {
      const answer = await client.audio.speech.create({ model: 'gpt-4o-mini-tts', voice, input: 'One two three.', response_format: 'pcm' });
      heard.add(Buffer.from(await answer.arrayBuffer()).toString('base64'));
    }
    assert.ok(heard.size >= 9, `${heard.size} different voices`);
  });
  test('speed makes it shorter', async () => {
    const length = async (speed) => (await (await client.audio.speech.create({ model: 'tts-1', voice: 'nova', input: 'A sentence of some length, to be measured.', response_format: 'pcm', speed })).arrayBuffer()).byteLength;
    assert.ok((await length(2)) < 0.75 * (await length(1)));
  });
  test('a long text is streamed while it is spoken', async () => {
    const input = 'This is one sentence of a rather long story. '.repeat(80);
    const answer = await fetch(`${box.url}/v1/audio/speech`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ model: 'tts-1', voice: 'alloy', input, response_format: 'mp3' }) });
    assert.equal(answer.headers.get('transfer-encoding'), 'chunked');
    let pieces = 0;
    for await (const piece of answer.body) pieces += piece.length > 0 ? 1 : 0;
    assert.ok(pieces > 3, `${pieces} pieces`);
  });
  test('as server-sent events', async () => {
    const answer = await client.audio.speech.create({ model: 'gpt-4o-mini-tts', voice: 'alloy', input: 'Events.', stream_format: 'sse' });
    const events = (await answer.text()).split('\n').filter((l) => l.startsWith('data: ')).map((l) => JSON.parse(l.slice(6)));
    assert.ok(events.some((e) => e.type === 'speech.audio.delta' && e.audio.length > 0));
    assert.equal(events.at(-1).type, 'speech.audio.done');
  });
  test('wrong requests say which field', async () => {
    const good = { model: 'tts-1', voice: 'alloy', input: 'x' };
    await rejects(client.audio.speech.create({ ...good, input: '' }), 400, 'empty_string', { param: 'input' });
    await rejects(client.audio.speech.create({ ...good, input: 'x'.repeat(4097) }), 400, 'string_above_max_length', { param: 'input' });
    await rejects(client.audio.speech.create({ ...good, response_format: 'mp4' }), 400, 'invalid_value', { param: 'response_format' });
    await rejects(client.audio.speech.create({ ...good, speed: 9 }), 400, 'invalid_value', { param: 'speed' });
    await assert.rejects(client.audio.speech.create({ ...good, voice: 'nobody' }), { status: 400, param: 'voice' });
  });
});

describe('transcription', () => {
  let spoken;
  before(async () => {
    const answer = await client.audio.speech.create({ model: 'tts-1', voice: 'onyx', input: 'one two three four five', response_format: 'mp3', speed: 0.8 });
    spoken = Buffer.from(await answer.arrayBuffer());
  });
  const ask = async (options) => client.audio.transcriptions.create({ model: 'whisper-1', file: await toFile(spoken, 'numbers.mp3'), ...options });
  const hears = (text) => ['one', 'two', 'three', 'four', 'five'].filter((word) => text.toLowerCase().includes(word)).length;

  test('json', async () => assert.ok(hears((await ask()).text) >= 3, (await ask()).text));
  test('text', async () => assert.ok(hears(await ask({ response_format: 'text' })) >= 3));
  test('srt', async () => assert.match(await ask({ response_format: 'srt' }), /^1\r?\n\d\d:\d\d:\d\d,\d{3} --> \d\d:\d\d:\d\d,\d{3}\r?\n\S/));
  test('vtt', async () => assert.match(await ask({ response_format: 'vtt' }), /^WEBVTT\r?\n\r?\n\d\d:\d\d(:\d\d)?\.\d{3} --> /));
  test('verbose_json with word times', async () => {
    const answer = await ask({ response_format: 'verbose_json', timestamp_granularities: ['word', 'segment'] });
    assert.equal(answer.language, 'english');
    assert.ok(answer.duration > 1);
    assert.ok(answer.segments.length >= 1);
    assert.ok(answer.words.length >= 3);
    for (const word of answer.words) assert.ok(word.end >= word.start && word.end <= answer.duration + 0.5, JSON.stringify(word));
  });
  test('streamed', async () => {
    const events = [];
    for await (const event of await ask({ stream: true })) events.push(event);
    assert.ok(events.some((e) => e.type === 'transcript.text.delta'));
    assert.equal(events.at(-1).type, 'transcript.text.done');
    assert.equal(events.filter((e) => e.type === 'transcript.text.delta').map((e) => e.delta).join('').trim(), events.at(-1).text.trim());
  });
  test('silence is an empty text', async () => {
    const answer = await client.audio.transcriptions.create({ model: 'whisper-1', file: await toFile(wav(1, { amplitude: 0 }), 'silence.wav') });
    assert.equal(answer.text, '');
  });
  test('what is wrong with a file is said', async () => {
    const send = async (bytes, name, options = {}) => client.audio.transcriptions.create({ model: 'whisper-1', file: await toFile(bytes, name), ...options });
    await rejects(send(Buffer.alloc(0), 'empty.wav'), 400, 'empty_file', { param: 'file' });
    await rejects(send(Buffer.from('this is no sound at all, only text'.repeat(20)), 'text.mp3'), 400, 'unsupported_media', { param: 'file' });
    await rejects(send(wav(1), 'tone.wav', { response_format: 'diarized_json' }), 400, 'unsupported_value', { param: 'response_format' });
    await rejects(send(wav(1), 'tone.wav', { model: 'no-such-model' }), 404, 'model_not_found', { param: 'model' });
  });
  test('translation names the model to pull', async () => {
    await rejects(client.audio.translations.create({ model: 'whisper-1', file: await toFile(spoken, 'x.mp3') }), 503, 'model_not_loaded');
  });
});

describe('chat', () => {
  test('answers 503 and names both remedies', async () => {
    await assert.rejects(client.chat.completions.create({ model: 'gpt-4o', messages: [{ role: 'user', content: 'hi' }] }), (error) => {
      assert.equal(error.status, 503);
      assert.equal(error.code, 'model_not_loaded');
      assert.match(error.message, /hearth pull/);
      assert.match(error.message, /providers/);
      return true;
    });
    await rejects(client.chat.completions.create({ model: 'gpt-4o', messages: 'hi' }), 400, 'invalid_type', { param: 'messages' });
  });
});

describe('files and OCR', () => {
  const page = pdf(['Invoice number 4711', 'Total amount due: 128 euros', 'Thank you for your order.']);
  const ocr = (body) => client.post('/ocr', { body: { model: 'mistral-ocr-latest', ...body } });
  test('a PDF as a data URL', async () => {
    const answer = await ocr({ document: { type: 'document_url', document_url: dataUrl('application/pdf', page) } });
    assert.equal(answer.pages.length, 1);
    assert.match(answer.pages[0].markdown, /4711/);
    assert.match(answer.pages[0].markdown, /128 euros/);
    assert.equal(answer.usage_info.pages_processed, 1);
  });
  test('an upload, by its id and by its URL', async () => {
    const file = await client.files.create({ file: await toFile(page, 'invoice.pdf', { type: 'application/pdf' }), purpose: 'user_data' });
    assert.equal(file.bytes, page.length);
    const by_id = await ocr({ document: { type: 'file', file_id: file.id } });
    assert.match(by_id.pages[0].markdown, /4711/);
    const { url } = await client.get(`/files/${file.id}/url`);
    const by_url = await ocr({ document: { type: 'document_url', document_url: url } });
    assert.match(by_url.pages[0].markdown, /4711/);
    assert.equal((await client.files.retrieve(file.id)).filename, 'invoice.pdf');
    const content = Buffer.from(await (await client.files.content(file.id)).arrayBuffer());
    assert.ok(content.equals(page));
    const listed = [];
    for await (const f of client.files.list()) listed.push(f.id);
    assert.ok(listed.includes(file.id));
    assert.equal((await client.files.delete(file.id)).deleted, true);
    await rejects(client.files.retrieve(file.id), 404, 'file_not_found');
  });
  test('what is wrong with a document is said', async () => {
    await rejects(ocr({ document: { type: 'document_url', document_url: 'https://example.org/a.pdf' } }), 400, 'remote_documents_disabled');
    await rejects(ocr({ document: { type: 'document_url', document_url: 'data:application/pdf;base64,@@@@' } }), 400, 'invalid_data_url');
    await rejects(ocr({ document: { type: 'document_url', document_url: dataUrl('application/pdf', page) }, pages: [5] }), 400, 'page_out_of_range');
    await rejects(ocr({}), 400, 'missing_required_parameter', { param: 'document' });
  });
});

describe('detections', () => {
  test('an empty picture has nobody in it, and can be annotated', async () => {
    const image = dataUrl('image/png', Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64'));
    const answer = await client.post('/images/detections', { body: { image, labels: ['person'], annotate: true } });
    assert.equal(answer.data[0].width, 1);
    assert.deepEqual(answer.data[0].detections, []);
    assert.equal(Buffer.from(answer.data[0].annotated_image, 'base64').subarray(1, 4).toString(), 'PNG');
  });
  test('wrong requests say which field', async () => {
    await rejects(client.post('/images/detections', { body: {} }), 400, 'missing_required_parameter', { param: 'image' });
    await assert.rejects(client.post('/images/detections', { body: { image: dataUrl('image/png', pdf(['x'])), labels: ['unicorn'] } }), { status: 400 });
  });
});

test('every exchange was as the OpenAPI document says', () => {
  assert.ok(box.contract.exchanges > 50, `${box.contract.exchanges} exchanges`);
  assert.deepEqual(box.contract.violations, []);
});

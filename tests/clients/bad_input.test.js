// Input that is broken, hostile or too large: the right status, OpenAI's error with a sentence, and a box that is none the
// worse for it.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { crc32, deflateSync } from 'node:zlib';
import { Box, pdf, wav } from './harness.js';
import { MiB, Raw, ask, atRest, bearer, checkError, cpuSeconds, embed, engine, expectError, form, idle, json, ocr, speak, status, transcribe, unharmed, until } from './support.js';

let box;
before(async () => {
  box = await Box.start([], {
    HEARTH_LIMITS_AUDIO_DURATION: '60s',
    HEARTH_LIMITS_UPLOAD: '48 MiB',
    HEARTH_LIMITS_JSON_BODY: '16 MiB',
    // No client here is too slow: these times are for the tests that are about them.
    HEARTH_SERVER_HEADER_TIME: '1h',
    HEARTH_SERVER_STALL_TIME: '1h',
  });
});
after(async () => {
  const end = await box?.stop();
  assert.deepEqual(end, { code: 0, signal: null }, box?.log.slice(-2000));
});
afterEach(() => unharmed(box));

const host = () => new URL(box.url).host;
const post = (path, headers, body = '', to = box) =>
  Buffer.concat([Buffer.from(`POST ${path} HTTP/1.1\r\nHost: ${host()}\r\nAuthorization: Bearer ${to.key}\r\n${headers.map((h) => `${h}\r\n`).join('')}\r\n`), Buffer.from(body)]);

// How much the media engine computes from now on; it runs already.
const kLittleWork = 1.5; // s of a slow machine's processor time; all of three hours of MPEG sound take some seconds
async function cpuOfMedia() {
  await (await transcribe(box, wav(0.1))).text();
  const { pid } = await engine(box, 'media');
  const before = await cpuSeconds(pid);
  return async () => (await cpuSeconds(pid)) - before;
}

// A WAV header that promises `seconds` of sound, and `bytes` of it.
function wavHeader(seconds, bytes = 0) {
  const file = Buffer.concat([wav(0), Buffer.alloc(bytes)]);
  const length = Math.min(seconds * 32000, 0xfffffff0 - 36);
  file.writeUInt32LE(36 + length, 4);
  file.writeUInt32LE(length, 40);
  return file;
}

function pngChunk(type, data) {
  const chunk = Buffer.alloc(12 + data.length);
  chunk.writeUInt32BE(data.length, 0);
  chunk.write(type, 4, 'latin1');
  data.copy(chunk, 8);
  chunk.writeUInt32BE(crc32(chunk.subarray(4, 8 + data.length)), 8 + data.length);
  return chunk;
}

function png(width, height, pixels) {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), pngChunk('IHDR', header), pngChunk('IDAT', deflateSync(pixels)), pngChunk('IEND', Buffer.alloc(0))]);
}

// The standard security handler, revision 2, with a user's password nobody knows.
function encryptedPdf() {
  const hex = (byte) => byte.toString(16).padStart(2, '0').repeat(32);
  const text = pdf(['secret']).toString('latin1');
  const encrypt = `<< /Filter /Standard /V 1 /R 2 /Length 40 /P -4 /O <${hex(0x5a)}> /U <${hex(0xa5)}> >>`;
  return Buffer.from(text.replace('/Root 1 0 R', `/Root 1 0 R /Encrypt ${encrypt} /ID [<${hex(1).slice(0, 32)}> <${hex(1).slice(0, 32)}>]`), 'latin1');
}

// A video and nothing else: YUV4MPEG needs no codec.
function y4m(frames = 3, width = 64, height = 48) {
  const picture = Buffer.alloc((width * height * 3) / 2, 128);
  const parts = [Buffer.from(`YUV4MPEG2 W${width} H${height} F25:1 Ip A1:1 C420jpeg\n`)];
  for (let i = 0; i < frames; ++i) parts.push(Buffer.from('FRAME\n'), picture);
  return Buffer.concat(parts);
}

describe('sound', () => {
  test('no bytes at all', async () => {
    await expectError(await transcribe(box, Buffer.alloc(0)), 400, 'empty_file', 'file');
  });
  test('cut in the middle of its header', async () => {
    await expectError(await transcribe(box, wav(1).subarray(0, 20)), 400, ['corrupt_media', 'unsupported_media', 'no_audio'], 'file');
  });
  test('cut in the middle of its sound: what is there is heard', async () => {
    const answer = await transcribe(box, wav(2).subarray(0, 20000));
    assert.equal(answer.status, 200);
    assert.equal(typeof (await answer.json()).text, 'string');
  });
  test('noise that is no sound file', async () => {
    await expectError(await transcribe(box, Buffer.from('this is not a sound file, it is a sentence')), 400, ['unsupported_media', 'corrupt_media', 'no_audio'], 'file');
  });
  test('a header that promises three hours, and holds a second', async () => {
    const answer = await transcribe(box, wavHeader(3 * 3600, 32000));
    if (answer.status === 200) return void (await answer.json()); // what counts is what is there
    await expectError(answer, 413, 'audio_too_long', 'file');
  });
  test('three hours of silence in a small file', async () => {
    // MPEG layer III's frames are independent of each other, and a silent one is all zero: no encoder is needed.
    const frame = Buffer.alloc(144); // 32 kbit/s at 32 kHz: 36 ms
    frame.set([0xff, 0xfb, 0x18, 0xc4], 0);
    const file = Buffer.alloc(frame.length * Math.ceil((3 * 3600) / 0.036), frame);
    const spent = await cpuOfMedia();
    const error = await expectError(await transcribe(box, file), 413, 'audio_too_long', 'file');
    assert.match(error.message, /limits\.audio_duration/);
    assert.ok((await spent()) < kLittleWork, 'it is not decoded to its end');
  });
  test('a video without sound, a picture, a PDF', async () => {
    await expectError(await transcribe(box, y4m()), 400, ['no_audio', 'unsupported_media'], 'file');
    await expectError(await transcribe(box, png(2, 2, Buffer.alloc(14))), 400, ['no_audio', 'unsupported_media', 'corrupt_media'], 'file');
    await expectError(await transcribe(box, pdf(['hello'])), 400, ['no_audio', 'unsupported_media', 'corrupt_media'], 'file');
  });
});

describe('pictures and documents', () => {
  test('a PNG of 3.6 gigapixels in a few bytes', async () => {
    const spent = await cpuOfMedia();
    const error = await expectError(await ocr(box, 'image/png', png(60000, 60000, Buffer.alloc(1000))), 413, 'image_too_large', 'document');
    assert.match(error.message, /limits\.image_pixels/);
    assert.ok((await spent()) < kLittleWork, 'it is not decoded');
  });
  test('a PNG cut short', async () => {
    await expectError(await ocr(box, 'image/png', png(200, 200, Buffer.alloc(601 * 200)).subarray(0, 60)), 400, ['corrupt_media', 'unsupported_media'], 'document');
  });
  test('an encrypted PDF', async () => {
    const error = await expectError(await ocr(box, 'application/pdf', encryptedPdf()), 400, 'encrypted_pdf', 'document');
    assert.match(error.message, /password/i);
  });
  test('a PDF that is cut short', async () => {
    await expectError(await ocr(box, 'application/pdf', pdf(['hello']).subarray(0, 40)), 400, ['corrupt_media', 'unsupported_media'], 'document');
  });
  test('base64 that is none, and a data URL without bytes', async () => {
    const document = (document_url) => json(box, '/v1/ocr', { model: 'mistral-ocr-latest', document: { type: 'document_url', document_url } });
    await expectError(await document('data:application/pdf;base64,!!!!'), 400, 'invalid_data_url');
    await expectError(await document('data:application/pdf;base64,'), 400, ['empty_file', 'invalid_data_url']);
    await expectError(await document('http://192.0.2.1/x.pdf'), 400);
  });
});

describe('JSON', () => {
  test('10,000 embedding inputs', async () => {
    const error = await expectError(await embed(box, Array(10_000).fill('x')), 400, undefined, 'input');
    assert.match(error.message, /2048/);
  });
  test('a long text for speech names the limit', async () => {
    await expectError(await speak(box, 'a'.repeat(5000)), 400, undefined, 'input');
    await expectError(await speak(box, 'a'.repeat(10 * MiB)), 400, undefined, 'input');
  });
  test('bytes that are not UTF-8', async () => {
    const body = Buffer.concat([Buffer.from('{"model":"auto","input":"'), Buffer.from([0xff, 0xfe, 0xc3]), Buffer.from('"}')]);
    for (const path of ['/v1/embeddings', '/v1/audio/speech', '/v1/chat/completions', '/v1/ocr', '/v1/images/detections'])
      await expectError(await json(box, path, body), 400, 'invalid_utf8');
  });
  test('NUL bytes, raw and escaped', async () => {
    await expectError(await json(box, '/v1/embeddings', Buffer.from('{"model":"auto","input":"a\0b"}')), 400, 'invalid_json');
    const escaped = await json(box, '/v1/embeddings', '{"model":"auto","input":"a\\u0000b"}');
    assert.equal(escaped.status, 200, await escaped.text());
    const spoken = await speak(box, 'one\0two', { response_format: 'wav' });
    assert.ok([200, 400].includes(spoken.status));
    await spoken.arrayBuffer();
    const named = await json(box, '/v1/embeddings', { model: 'no\0such', input: 'x' });
    await expectError(named, 404, 'model_not_found', 'model');
  });
  test('a long name in two-byte letters is cut between letters', async () => {
    await expectError(await json(box, '/v1/embeddings', { model: `a${'é'.repeat(120)}`, input: 'x' }), 404, 'model_not_found', 'model');
    await expectError(await json(box, '/v1/embeddings', { model: `a${'é'.repeat(500)}`, input: 'x' }), 400, undefined, 'model');
  });
  test('100,000 levels of brackets', async () => {
    const deep = '['.repeat(100_000) + ']'.repeat(100_000);
    for (const path of ['/v1/embeddings', '/v1/audio/speech', '/v1/chat/completions', '/v1/ocr', '/v1/images/detections']) {
      await expectError(await json(box, path, deep), 400);
      await expectError(await json(box, path, `{"model":"auto","input":${deep},"messages":${deep},"document":${deep},"image":${deep},"x":${deep}}`), 400);
    }
  });
  test('no JSON, half of it, another content type, nothing', async () => {
    await expectError(await json(box, '/v1/embeddings', 'hello'), 400, 'invalid_json');
    await expectError(await json(box, '/v1/embeddings', '{"model":"auto","input":"x'), 400, 'invalid_json');
    await expectError(await json(box, '/v1/embeddings', ''), 400);
    await expectError(await json(box, '/v1/embeddings', '[]'), 400);
    await expectError(await form(box, '/v1/embeddings', { input: 'x' }), 415, 'unsupported_content_type');
  });
});

describe('large bodies', () => {
  const size = 200 * MiB;
  const piece = Buffer.alloc(MiB, 'a');
  test('200 MB announced: refused before they are sent', async () => {
    const answer = await ask(box.url, post('/v1/embeddings', ['Content-Type: application/json', `Content-Length: ${size}`], '{"input":"'));
    const error = checkError(answer.status, answer.body, 413, 'request_too_large');
    assert.match(error.message, /limits\.json_body/);
    assert.equal(answer.headers.connection, 'close');
  });
  test('200 MB in chunks: refused at the limit', async () => {
    const raw = await Raw.open(box.url);
    await raw.send(post('/v1/embeddings', ['Content-Type: application/json', 'Transfer-Encoding: chunked']));
    const chunk = Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n')]);
    const sent = await raw.pour(chunk, size);
    const answer = await raw.response();
    checkError(answer.status, answer.body, 413, 'request_too_large');
    assert.ok(sent < size, 'the client was told before it had sent everything');
    raw.destroy();
  });
  test('200 MB as an upload, with its length and in chunks', async () => {
    const type = 'Content-Type: multipart/form-data; boundary=b';
    const head = '--b\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n';
    const announced = await ask(box.url, post('/v1/audio/transcriptions', [type, `Content-Length: ${size}`], head));
    checkError(announced.status, announced.body, 413, 'request_too_large');
    const raw = await Raw.open(box.url);
    await raw.send(post('/v1/audio/transcriptions', [type, 'Transfer-Encoding: chunked'], `${head.length.toString(16)}\r\n${head}\r\n`));
    const chunk = Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n')]);
    await raw.pour(chunk, size);
    const answer = await raw.response();
    checkError(answer.status, answer.body, 413);
    raw.destroy();
  });
  test('more large bodies at once than memory is set aside for', async () => {
    const room = 128 / 15; // MiB for all bodies together, and for one of these
    const senders = [];
    for (let i = 0; i < 12; ++i) {
      const raw = await Raw.open(box.url);
      senders.push(raw);
      await raw.send(post('/v1/embeddings', ['Content-Type: application/json', `Content-Length: ${15 * MiB}`], '{'));
    }
    const refused = () => senders.filter((raw) => raw.answer());
    await until(() => refused().length >= 12 - Math.floor(room), 'those that do not fit are refused');
    // The others are waited for: they hold their room until they leave.
    assert.equal((await status(box)).requests.in_flight, Math.floor(room));
    assert.equal(refused().length, 12 - Math.floor(room));
    for (const answer of refused().map((raw) => raw.answer())) {
      checkError(answer.status, answer.body, 503, 'service_unavailable');
      assert.ok(Number(answer.headers['retry-after']) >= 1);
    }
    for (const raw of senders) raw.destroy();
  });
  test('a chunk extension or a trailer without end is not kept', async () => {
    for (const opening of ['5;x=', '5\r\nhello\r\n0\r\nX-Trailer: ']) {
      const raw = await Raw.open(box.url);
      await raw.send(post('/v1/embeddings', ['Content-Type: application/json', 'Transfer-Encoding: chunked'], opening));
      await raw.pour(piece, 64 * MiB);
      const answer = await raw.response();
      checkError(answer.status, answer.body, 400);
      raw.destroy();
    }
  });
});

describe('multipart', () => {
  const part = (boundary, end = `\r\n--${boundary}--\r\n`) => `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\nhello${end}`;
  const send = (type, body) => ask(box.url, post('/v1/audio/transcriptions', [`Content-Type: ${type}`, `Content-Length: ${Buffer.byteLength(body)}`], body));
  for (const [what, type, body, want] of [
    ['no boundary', 'multipart/form-data', part('b'), 400],
    ['an empty boundary', 'multipart/form-data; boundary=""', part('b'), 400],
    ['another boundary than announced', 'multipart/form-data; boundary=a', part('b'), 400],
    ['no closing boundary', 'multipart/form-data; boundary=b', part('b', ''), 400],
    ['cut in a part header', 'multipart/form-data; boundary=b', '--b\r\nContent-Dispo', 400],
    ['a boundary of 1000 letters', `multipart/form-data; boundary=${'b'.repeat(1000)}`, part('b'.repeat(1000)), 400],
    ['a part header of 100 KB', 'multipart/form-data; boundary=b', `--b\r\nX: ${'x'.repeat(100_000)}\r\n\r\nhello\r\n--b--\r\n`, 400],
    ['100,000 fields', 'multipart/form-data; boundary=b', '--b\r\nContent-Disposition: form-data; name="x"\r\n\r\n\r\n'.repeat(100_000), 400],
    ['JSON where a form is expected', 'application/json', '{}', 415],
    ['nothing', 'multipart/form-data; boundary=b', '', 400],
  ])
    test(what, async () => {
      const answer = await send(type, body);
      checkError(answer.status, answer.body, answer.status === 413 ? 413 : want);
    });
  test('a body that ends before its length', async () => {
    const raw = await Raw.open(box.url);
    const body = part('b');
    await raw.send(post('/v1/audio/transcriptions', ['Content-Type: multipart/form-data; boundary=b', `Content-Length: ${body.length + 100}`], body));
    raw.socket.end();
    const answer = await raw.response();
    checkError(answer.status, answer.body, 400, 'body_incomplete');
    raw.destroy();
  });
});

describe('HTTP', () => {
  test('a header of 1 MB', async () => {
    const raw = await Raw.open(box.url);
    await raw.send(`GET /v1/models HTTP/1.1\r\nHost: ${host()}\r\nX-Long: ${'x'.repeat(MiB)}\r\n\r\n`);
    const answer = await raw.response();
    checkError(answer.status, answer.body, 431);
    raw.destroy();
  });
  for (const [what, bytes] of [
    ['garbage', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n'],
    ['a NUL in the target', 'GET /v1/mo\0dels HTTP/1.1\r\nHost: localhost\r\n\r\n'],
    ['a negative length', 'POST /v1/embeddings HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n'],
    ['two lengths that differ', 'POST /v1/embeddings HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc'],
    ['a length and chunks', 'POST /v1/embeddings HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['HTTP/9.9', 'GET /healthz HTTP/9.9\r\nHost: localhost\r\n\r\n'],
    ['a header without colon', 'GET /healthz HTTP/1.1\r\nHost localhost\r\n\r\n'],
  ])
    test(`${what} is refused and the connection closed`, async () => {
      const raw = await Raw.open(box.url);
      await raw.send(Buffer.from(bytes, 'latin1'));
      const answer = await raw.response();
      checkError(answer.status, answer.body, 400);
      await raw.gone();
      raw.destroy();
    });
  test('requests in one go are answered in order, garbage behind them ends it', async () => {
    const raw = await Raw.open(box.url);
    const get = `GET /healthz HTTP/1.1\r\nHost: ${host()}\r\n\r\n`;
    await raw.send(`${get}${get}\x01\x02garbage\r\n\r\n${get}`);
    await raw.gone();
    const text = raw.received.toString('latin1');
    assert.deepEqual([...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map((m) => m[1]), ['200', '200', '400']);
    raw.destroy();
  });
  test('HTTP/1.0 gets an answer without chunks, and the end', async () => {
    const raw = await Raw.open(box.url);
    await raw.send(`GET /healthz HTTP/1.0\r\nHost: ${host()}\r\n\r\n`);
    await raw.gone();
    assert.match(raw.received.toString(), /^HTTP\/1\.1 200 [\s\S]*"ok"/);
    const speech = await Raw.open(box.url);
    const body = JSON.stringify({ model: 'tts-1', voice: 'alloy', input: 'one two', response_format: 'wav' });
    await speech.send(`POST /v1/audio/speech HTTP/1.0\r\nHost: ${host()}\r\nAuthorization: Bearer ${box.key}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    await speech.gone();
    const answer = speech.answer();
    assert.equal(answer.status, 200);
    assert.equal(answer.headers['transfer-encoding'], undefined);
    assert.equal(answer.body.subarray(0, 4).toString(), 'RIFF');
    speech.destroy();
  });
  test('HEAD has no body, on streams neither', async () => {
    for (const path of ['/healthz', '/v1/models', '/openapi.json']) {
      const answer = await fetch(`${box.url}${path}`, { method: 'HEAD', headers: bearer(box) });
      assert.equal(answer.status, 200);
      assert.equal((await answer.arrayBuffer()).byteLength, 0);
    }
    const file = await (await form(box, '/v1/files', { file: Buffer.from('content'), purpose: 'ocr' })).json();
    const raw = await Raw.open(box.url);
    const request = (method, path) => `${method} ${path} HTTP/1.1\r\nHost: ${host()}\r\nAuthorization: Bearer ${box.key}\r\n\r\n`;
    await raw.send(request('HEAD', `/v1/files/${file.id}/content`) + request('GET', '/healthz'));
    await until(() => raw.received.includes('"ok"'), 'the second answer');
    assert.ok(!raw.received.includes('content\r\n'), raw.received.toString());
    assert.ok(raw.received.toString().split('\r\n\r\n')[1].startsWith('HTTP/1.1 200'), 'the next answer follows the head');
    raw.destroy();
  });
  test('unknown paths and methods', async () => {
    for (const path of ['/', '/v1', '/v1/nothing', '/v1/embeddings/x', '/v2/embeddings', '/v1/models/none', '/v1/files/none', '/%ff%00%0d%0a'])
      await expectError(await fetch(`${box.url}${path}`, { headers: bearer(box) }), 404);
    for (const [method, path] of [
      ['GET', '/v1/embeddings'],
      ['PUT', '/v1/models'],
      ['DELETE', '/v1/files'],
      ['POST', '/v1/files/file_x'],
      ['PATCH', '/v1/ocr'],
      ['OPTIONS', '/v1/ocr'],
    ])
      await expectError(await fetch(`${box.url}${path}`, { method, headers: bearer(box) }), 405, 'method_not_allowed');
  });
});

describe('slow clients', () => {
  let slow;
  afterEach(() => slow && idle(slow));
  const boxWith = (env) => {
    before(async () => (slow = await Box.start([], env)));
    after(async () => {
      const end = await slow?.stop();
      assert.deepEqual(end, { code: 0, signal: null }, slow?.log.slice(-2000));
      slow = undefined;
    });
  };
  // In each box one of the times is short, so that it is this one that ends the wait.
  describe('of a header', () => {
    boxWith({ HEARTH_SERVER_HEADER_TIME: '1s', HEARTH_SERVER_IDLE_TIME: '24h', HEARTH_SERVER_STALL_TIME: '1h' });
    test('a header that does not come is cut off at server.header_time', async () => {
      const raw = await Raw.open(slow.url);
      await raw.send('GET /healthz HTTP/1.1\r\n');
      const drip = setInterval(() => raw.socket.writable && raw.socket.write('X-A: b\r\n'), 100);
      const answer = await raw.response();
      clearInterval(drip);
      checkError(answer.status, answer.body, 408, 'request_timeout');
      raw.destroy();
    });
  });
  describe('of a body', () => {
    boxWith({ HEARTH_SERVER_HEADER_TIME: '1h', HEARTH_SERVER_IDLE_TIME: '24h', HEARTH_SERVER_STALL_TIME: '1s' });
    test('a body that stalls, and one that drips', async () => {
      const start = () => post('/v1/embeddings', ['Content-Type: application/json', 'Content-Length: 1000'], '{', slow);
      const stalled = await Raw.open(slow.url);
      await stalled.send(start());
      const dripping = await Raw.open(slow.url);
      await dripping.send(start());
      const drip = setInterval(() => dripping.socket.writable && dripping.socket.write(' '), 100);
      const first = await stalled.response();
      checkError(first.status, first.body, 408, 'request_timeout');
      const second = await dripping.response();
      clearInterval(drip);
      checkError(second.status, second.body, 408, 'request_timeout');
      stalled.destroy();
      dripping.destroy();
    });
  });
  describe('of everything', () => {
    boxWith({ HEARTH_SERVER_HEADER_TIME: '1h', HEARTH_SERVER_IDLE_TIME: '1s', HEARTH_SERVER_STALL_TIME: '1h' });
    test('a connection that says nothing is closed at server.idle_time', async () => {
      const raw = await Raw.open(slow.url);
      await raw.gone();
      assert.equal(raw.received.length, 0);
      raw.destroy();
    });
  });
});

describe('clients that leave', () => {
  let box; // with the limits as they come: what is asked of it takes minutes, so that nobody who leaves comes too late
  before(async () => (box = await Box.start()));
  after(async () => {
    const end = await box?.stop();
    assert.deepEqual(end, { code: 0, signal: null }, box?.log.slice(-2000));
  });
  afterEach(() => unharmed(box));
  const busy = (name) => until(async () => (await engine(box, name)).in_flight > 0, `${name} works`);
  // Its places are free again, and it has stopped computing.
  const free = async (name) => {
    await until(async () => (await engine(box, name)).in_flight === 0, `${name} is free again`);
    await atRest((await engine(box, name)).pid, name);
  };
  const aborted = (answer) => answer.then(() => assert.fail('it was aborted'), (error) => assert.equal(error.name, 'AbortError'));

  test('midway of an upload', async () => {
    const raw = await Raw.open(box.url);
    await raw.send(post('/v1/audio/transcriptions', ['Content-Type: multipart/form-data; boundary=b', 'Content-Length: 20000000'], '--b\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n', box));
    await raw.send(Buffer.alloc(4 * MiB));
    await until(async () => (await status(box)).requests.in_flight > 0, 'the upload is under way');
    raw.destroy();
    await until(async () => (await status(box)).requests.in_flight === 0, 'the upload is over');
  });
  test('during OCR', async () => {
    const leave = new AbortController();
    const pages = pdf(Array(24).fill('The quick brown fox jumps over the lazy dog again and again'), { pages: 400 });
    const all = Array.from({ length: 4 }, () => aborted(ocr(box, 'application/pdf', pages, { signal: leave.signal })));
    await busy('ocr');
    leave.abort();
    await Promise.all(all);
    await free('ocr');
    await free('media');
  });
  test('during transcription', async () => {
    const leave = new AbortController();
    const asked = aborted(transcribe(box, await speech(600), {}, { signal: leave.signal }));
    await busy('transcribe');
    leave.abort();
    await asked;
    await free('transcribe');
    await free('media');
  });
  test('during streamed speech', async () => {
    const leave = new AbortController();
    const answer = await speak(box, 'A sentence that goes on. '.repeat(160), { response_format: 'wav', speed: 0.25 }, { signal: leave.signal });
    const reader = answer.body.getReader();
    await reader.read();
    await busy('speech'); // more sound than the buffers on its way hold
    leave.abort();
    await assert.rejects(reader.read(), { name: 'AbortError' });
    await free('speech');
    await free('media');
  });

  // So many seconds of speech: a tone or silence is heard in no time, as there is nothing in it to recognise.
  async function speech(seconds) {
    const answer = await speak(box, 'One two three four five. The quick brown fox jumps over the lazy dog. '.repeat(10), { response_format: 'pcm' });
    const spoken = Buffer.from(await answer.arrayBuffer());
    assert.equal(answer.status, 200, spoken.toString().slice(0, 300));
    const file = wav(0, { rate: 24000 });
    const bytes = seconds * 48000;
    file.writeUInt32LE(36 + bytes, 4);
    file.writeUInt32LE(bytes, 40);
    return Buffer.concat([file, Buffer.alloc(bytes, spoken)]);
  }
});

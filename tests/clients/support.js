// What the tests of bad input, faults and load share: a look at an error, raw sockets, waiting for a state.
import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { patience } from './harness.js';

export const MiB = 1 << 20;

// Waits until `condition()` gives something truthy; the deadline is a failure, not a pause.
export async function until(condition, what, ms = patience) {
  const end = Date.now() + ms;
  let last;
  for (;;) {
    try {
      last = await condition();
      if (last) return last;
    } catch (error) {
      last = error;
    }
    if (Date.now() > end) throw new Error(`${what}: not within ${ms} ms (last: ${last instanceof Error ? last.message : JSON.stringify(last)})`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

// The answer is OpenAI's error with all four keys, in JSON that is UTF-8, with a sentence a person can act on.
export function checkError(status, bytes, want, code, param) {
  const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  assert.equal(status, want, text.slice(0, 300));
  const { error } = JSON.parse(text);
  assert.deepEqual(Object.keys(error).sort(), ['code', 'message', 'param', 'type'], text);
  if (code !== undefined) assert.ok([code].flat().includes(error.code), `code ${error.code}: ${error.message}`);
  if (param !== undefined) assert.equal(error.param, param, error.message);
  assert.ok(error.message.length > 15 && error.message.length < 700, `the sentence: ${error.message}`);
  assert.equal(typeof error.type, 'string');
  return error;
}

export async function expectError(response, want, code, param) {
  return checkError(response.status, new Uint8Array(await (await response).arrayBuffer()), want, code, param);
}

// A connection that says exactly what it is told.
export class Raw {
  static open(url) {
    const raw = new Raw();
    raw.received = Buffer.alloc(0);
    raw.closed = false;
    const { hostname, port } = new URL(url);
    raw.host = `${hostname}:${port}`;
    raw.socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
    raw.socket.on('data', (data) => (raw.received = Buffer.concat([raw.received, data])));
    raw.socket.on('end', () => (raw.ended = true));
    raw.socket.on('error', (error) => (raw.error = error));
    raw.end = new Promise((resolve) => {
      raw.socket.on('end', resolve);
      raw.socket.on('close', () => ((raw.closed = true), resolve()));
    });
    return new Promise((resolve, reject) => {
      raw.socket.once('connect', () => resolve(raw));
      raw.socket.once('error', reject);
    });
  }

  send(bytes) {
    return new Promise((resolve) => this.socket.write(bytes, () => resolve()));
  }

  // Sends `total` bytes in pieces until the peer no longer takes them or has answered.
  async pour(piece, total, answered = () => this.received.length > 0) {
    let sent = 0;
    for (; sent < total && !this.error && !this.closed && !answered(); sent += piece.length) await this.send(piece);
    return sent;
  }

  // The answer so far: status, headers in lower case, the body as received (chunks are not taken apart).
  answer() {
    const end = this.received.indexOf('\r\n\r\n');
    if (end < 0) return null;
    const [first, ...lines] = this.received.subarray(0, end).toString('latin1').split('\r\n');
    const headers = Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 2)]));
    const body = this.received.subarray(end + 4);
    if (headers['content-length'] !== undefined && body.length < Number(headers['content-length'])) return null;
    return { status: Number(first.split(' ')[1]), headers, body: headers['content-length'] === undefined ? body : body.subarray(0, Number(headers['content-length'])) };
  }

  async response() {
    return until(() => this.answer(), 'an answer on the raw socket');
  }

  async gone() {
    await until(() => this.ended || this.closed, 'the server closes the connection');
  }

  destroy() {
    this.socket.destroy();
  }
}

// One request as text, one answer; the connection is closed afterwards.
export async function ask(url, request) {
  const raw = await Raw.open(url);
  try {
    await raw.send(request);
    return await raw.response();
  } finally {
    raw.destroy();
  }
}

export const bearer = (box) => ({ authorization: `Bearer ${box.key}` });
export const json = (box, path, body, extra = {}) =>
  fetch(`${box.url}${path}`, { method: 'POST', headers: { 'content-type': 'application/json', ...bearer(box) }, body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body), ...extra });
export function form(box, path, fields, extra = {}) {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    if (value instanceof Uint8Array) body.append(name, new Blob([value]), `${name}.bin`);
    else body.append(name, value);
  }
  return fetch(`${box.url}${path}`, { method: 'POST', headers: bearer(box), body, ...extra });
}
export const embed = (box, input = 'hello', extra = {}) => json(box, '/v1/embeddings', { model: 'auto', input }, extra);
export const transcribe = (box, bytes, fields = {}, extra = {}) => form(box, '/v1/audio/transcriptions', { file: bytes, model: 'whisper-1', ...fields }, extra);
export const speak = (box, input, fields = {}, extra = {}) => json(box, '/v1/audio/speech', { model: 'tts-1', voice: 'alloy', input, ...fields }, extra);
export const ocr = (box, type, bytes, extra = {}) =>
  json(box, '/v1/ocr', { model: 'mistral-ocr-latest', document: { type: 'document_url', document_url: `data:${type};base64,${Buffer.from(bytes).toString('base64')}` } }, extra);

// The admin API without a process for each question: what `hearth` asks, in a millisecond.
export const admin = (box, path, method = 'GET') =>
  new Promise((resolve, reject) => {
    const asked = request({ socketPath: join(box.data, 'run', 'admin.sock'), path, method, agent: false, headers: { host: 'localhost' } }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (part) => (text += part));
      answer.on('error', reject).on('end', () => resolve({ status: answer.statusCode, text }));
    });
    asked.on('error', reject).end();
  });
// What was decided for the call that `id` names, or that `response` answered. It is told once the call is settled, which is
// after the last byte of its answer.
export const callOf = (box, id) =>
  until(async () => {
    const told = await admin(box, `/admin/calls/${id.headers?.get('x-request-id') ?? id}`);
    return told.status === 200 && JSON.parse(told.text);
  }, 'the call is settled');
export const status = async (box) => JSON.parse((await admin(box, '/admin/status')).text);
export const engine = async (box, name) => (await status(box)).engines.find((e) => e.name === name);

// Seconds of processor time that a process has used: unlike the time of day, that does not depend on what else runs.
export async function cpuSeconds(pid) {
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).replace(/^.*\) /s, '').split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100; // utime and stime, in the kernel's ticks for user space
}

// Stops a process (SIGCONT lets it go on). The signal is one thread's to take, and on a busy machine the others work on
// until that one has its turn.
export async function freeze(pid) {
  process.kill(pid, 'SIGSTOP');
  await until(async () => {
    for (const thread of await readdir(`/proc/${pid}/task`)) if (!/\) T /.test(await readFile(`/proc/${pid}/task/${thread}/stat`, 'utf8').catch(() => ') T '))) return false;
    return true;
  }, 'every thread has stopped');
}

// Waits until none of a process's threads computes or wants to, twenty looks in a row.
export async function atRest(pid, what) {
  const resting = async () => {
    for (const thread of await readdir(`/proc/${pid}/task`)) {
      const stat = await readFile(`/proc/${pid}/task/${thread}/stat`, 'utf8').catch(() => ''); // it may end meanwhile
      if (/\) [RD] /.test(stat)) return false;
    }
    return true;
  };
  let looks = 0;
  await until(async () => (looks = (await resting()) ? looks + 1 : 0) >= 20, `${what} rests`);
}

// Nothing is left of what was thrown at the box: it answers, holds little memory, works on nothing, and no engine
// had to be restarted (but for those in `killed`).
export async function unharmed(box, { killed = [] } = {}) {
  const good = await embed(box);
  assert.equal(good.status, 200, await good.text());
  await idle(box, { killed });
}

// The same without a request of its own.
export async function idle(box, { killed = [] } = {}) {
  const now = await until(async () => {
    const s = await status(box);
    return s.requests.in_flight === 0 && s.engines.every((e) => e.in_flight === 0 && e.queued === 0) && s;
  }, 'nothing in flight');
  const mib = now.memory.hearthd / MiB;
  // Sanitizers keep freed memory: there the figure means nothing.
  assert.ok(mib < 60 || process.env.HEARTH_SANITIZED, `hearthd holds ${mib.toFixed(1)} MiB`);
  assert.equal(now.pid, box.process.pid);
  for (const engine of now.engines) if (!killed.includes(engine.name)) assert.equal(engine.restarts, 0, `${engine.name}: ${engine.last_error}`);
}

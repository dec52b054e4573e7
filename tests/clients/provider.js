// A provider of the tests' own, which speaks OpenAI's and Anthropic's dialects over HTTP or HTTPS and misbehaves on
// command: provider.next(faults.cut(3)) for one request, provider.always for all that have no order of their own. It notes
// what it was asked, over how many connections, and which answers were not wanted to their end.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { openai, routes } from './provider_dialects.js';

const run = promisify(execFile);
const never = () => new Promise(() => {});

// What may go wrong. Fields that shape the answer (`text`, `usage`, `noUsage`, `pace` in ms between events) can be given alone.
export const faults = {
  // Nothing is answered.
  silent: () => ({ head: never }),
  // The header comes a byte at a time.
  slowHeaders: (pace = 200) => ({
    async head(request, response) {
      for (const byte of 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n') {
        if (!response.socket?.writable) return;
        response.socket.write(byte);
        await sleep(pace);
      }
      await never();
    },
  }),
  // The connection is reset before anything is answered, or after some events.
  reset: (after = 0) => ({ after, head: after === 0 ? (request) => request.socket.resetAndDestroy() : undefined, then: (response) => response.socket.resetAndDestroy() }),
  // After some events the answer ends as if it were whole.
  cut: (after = 3) => ({ after, then: (response) => response.end() }),
  // After some events the connection is closed within the answer.
  hangUp: (after = 3) => ({ after, then: (response) => response.destroy() }),
  // After some events nothing more comes.
  stall: (after = 3) => ({ after, then: never }),
  // One event that is no JSON.
  malformed: (after = 3) => ({ after, then: (response, rest) => (response.write('data: {"choices":[{"delta":{"content":"half\n\n'), rest()) }),
  // The stream's own error event.
  errorEvent: (after = 3, type = 'overloaded_error') => ({ after, then: (response, rest, dialect) => response.end(dialect === openai ? `data: ${JSON.stringify(openai.error(500, 'The server had an error.'))}\n\n` : `event: error\ndata: ${JSON.stringify(dialect.error(529, 'Overloaded', type))}\n\n`) }),
  // The same as the Responses API has it; and its own way of ending, with a reason for programs.
  typedError: (after = 3) => ({ after, then: (response) => response.end('event: error\ndata: {"type":"error","code":"server_error","message":"The server had an error.","param":null,"sequence_number":9}\n\n') }),
  failed: (code = 'server_error') => ({ failed: { code, message: 'The model has failed.' } }),
  failsAfter: (after = 6) => ({ failsAfter: after }),
  html: (status = 502) => ({ body: { status, type: 'text/html', text: '<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>' } }),
  error: (status, headers = {}, message = 'It went wrong.') => ({ error: { status, headers, message } }),
  // 429 in each way of saying when to come back.
  limited: (headers = { 'retry-after': '2' }) => ({ error: { status: 429, headers, message: 'Rate limit reached.' } }),
  // An error that calls itself a success.
  errorBody: () => ({ error: { status: 200, headers: {}, message: 'Something went wrong on our side.' } }),
  // A success that says nothing.
  empty: () => ({ body: { status: 200, type: 'application/json', text: '' } }),
  emptyObject: () => ({ body: { status: 200, type: 'application/json', text: '{}' } }),
  emptyText: () => ({ text: '' }),
  noChoices: () => ({ body: { status: 200, type: 'application/json', text: '{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"m","choices":[]}' } }),
  notJson: () => ({ body: { status: 200, type: 'application/json', text: '{"choices":[{"message":{"content":"half' } }),
  hugeUsage: (tokens = 9e15) => ({ usage: { input: tokens, output: tokens, cached: 0 } }),
  // The stream's bytes in pieces, wherever they may be cut.
  split: (size = 1) => ({ size }),
  lineEnds: (end = '\r\n') => ({ lines: end }),
  comments: () => ({ comments: true }),
  noUsage: () => ({ noUsage: true }),
  twiceDone: () => ({ twice: true }),
  // The length that is announced differs from what comes.
  lengthLies: (by = 10) => ({ lie: by }),
  // Answers as it should, but not before `until` comes.
  held: (until) => ({ until }),
  // Slow but sound.
  paced: (pace = 50) => ({ pace }),
};

export class Provider {
  // `certificate`: speaks TLS with that one of support/certificates.sh's. `keys`: those it takes; none: any.
  static async start({ certificate, keys } = {}) {
    const provider = new Provider();
    Object.assign(provider, { keys, always: {}, orders: [], requests: [], connections: 0, cancelled: 0, open: new Set(), kept: new Set() });
    const options = {};
    if (certificate) {
      provider.folder = await mkdtemp(join(tmpdir(), 'hearth-provider-'));
      await run(new URL('../support/certificates.sh', import.meta.url).pathname, [provider.folder]);
      options.cert = await readFile(join(provider.folder, `${certificate}.pem`));
      options.key = await readFile(join(provider.folder, `${certificate}.key`));
      provider.authority = join(provider.folder, 'ca.pem');
    }
    const server = (certificate ? https : http).createServer(options, (request, response) => provider.serve(request, response).catch((error) => response.destroy(error)));
    server.keepAliveTimeout = 60_000;
    server.on(certificate ? 'secureConnection' : 'connection', (socket) => {
      ++provider.connections;
      provider.open.add(socket);
      socket.on('close', () => provider.open.delete(socket)).on('error', () => {});
    });
    server.on('tlsClientError', () => {}).on('clientError', (error, socket) => socket.destroy());
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    provider.server = server;
    provider.port = server.address().port;
    provider.url = `${certificate ? 'https' : 'http'}://127.0.0.1:${provider.port}`;
    return provider;
  }

  // What the next requests meet, one each.
  next(...orders) {
    this.orders.push(...orders);
  }

  // As if nothing had been asked yet.
  forget() {
    Object.assign(this, { always: {}, orders: [], requests: [], connections: 0, cancelled: 0 });
  }

  async stop() {
    for (const socket of this.open) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
    if (this.folder) await rm(this.folder, { recursive: true, force: true });
  }

  // It is there no longer, and then again on the same port.
  async away() {
    for (const socket of this.open) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }
  async back() {
    await new Promise((resolve) => this.server.listen(this.port, '127.0.0.1', resolve));
  }

  async serve(request, response) {
    const seen = { method: request.method, path: request.url, headers: request.headers, from: request.socket.remotePort, cancelled: false, ended: false };
    response.on('close', () => {
      if (response.writableFinished) seen.ended = true;
      else (seen.cancelled = true), ++this.cancelled;
    });
    const parts = [];
    for await (const part of request) parts.push(part);
    seen.text = Buffer.concat(parts).toString();
    this.requests.push(seen);
    if (request.url === '/v1/models') return reply(response, 200, 'application/json', '{"object":"list","data":[]}');
    const [dialect, endpoint] = routes[request.url.split('?')[0]] ?? [openai];
    const how = { ...this.always, ...this.orders.shift() };
    seen.key = dialect.key(request.headers);
    if (!endpoint) return reply(response, 404, 'application/json', JSON.stringify(openai.error(404, `There is no ${request.url}.`)));
    if (this.keys && !this.keys.includes(seen.key)) return reply(response, 401, 'application/json', JSON.stringify(dialect.error(401, 'Invalid API key.', 'authentication_error')));
    if (how.until) await how.until;
    if (how.head) return how.head(request, response);
    if (how.body) return reply(response, how.body.status, how.body.type, how.body.text);
    if (how.error) return reply(response, how.error.status, 'application/json', JSON.stringify(dialect.error(how.error.status, how.error.message)), how.error.headers);
    let answer;
    try {
      seen.body = JSON.parse(seen.text);
      answer = dialect[endpoint](seen.body, how, request.headers, this.kept);
    } catch (error) {
      return reply(response, error.status ?? 400, 'application/json', JSON.stringify(dialect.error(error.status ?? 400, error.message, error.type, error.param)));
    }
    if (answer.whole) {
      const text = JSON.stringify(answer.whole);
      return reply(response, 200, 'application/json', text, how.lie ? { 'content-length': Buffer.byteLength(text) + how.lie } : {});
    }
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
    await stream(response, answer.events, how, dialect);
  }
}

// `headers` may announce another length than the text has: then the connection ends with it.
function reply(response, status, type, text, headers = {}) {
  const length = Buffer.byteLength(text);
  const announced = headers['content-length'] ?? length;
  response.writeHead(status, { 'content-type': type, ...headers, 'content-length': announced });
  if (announced === length) return response.end(text);
  response.write(text, () => response.destroy());
}

const encode = ({ type, data, text }) => `${type ? `event: ${type}\n` : ''}data: ${text ?? JSON.stringify(data)}\n\n`;

async function stream(response, events, how, dialect) {
  const rest = async (from) => {
    for (let i = from; i < events.length && !response.destroyed; ++i) {
      if (how.after === i && from < i) return how.then(response, () => rest(i), dialect);
      if (how.comments) await write(response, ': keep-alive\n\n: OPENROUTER PROCESSING\n\n', how);
      await write(response, encode(events[i]), how);
      if (how.pace) await sleep(how.pace);
    }
    if (how.twice) await write(response, 'data: [DONE]\n\ndata: {"choices":[{"delta":{"content":"too late"}}]}\n\ndata: [DONE]\n\n', how);
    if (!response.destroyed) response.end();
  };
  await rest(0);
}

async function write(response, text, how) {
  const bytes = Buffer.from(how.lines ? text.replaceAll('\n', how.lines) : text);
  const size = how.size ?? bytes.length;
  // What is to be seen before a connection breaks has to be on its way.
  for (let i = 0; i < bytes.length && !response.destroyed; i += size) await new Promise((resolve) => response.write(bytes.subarray(i, i + size), resolve));
}

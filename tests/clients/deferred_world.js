// Who is asked by deferred calls, and who is told of their end.
import { createServer } from 'node:http';
import { Webhook } from 'standardwebhooks';

const body = (request) =>
  new Promise((resolve, reject) => {
    let text = '';
    request.setEncoding('utf8').on('data', (part) => (text += part));
    request.on('end', () => resolve(text)).on('error', reject);
  });
const listening = (server, port, host) => new Promise((resolve) => server.listen(port, host, () => resolve(server.address().port)));
export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// The same numbers each time.
export function dice(seed) {
  let state = seed;
  return (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
}

// A model that repeats what it is told, and counts. `delay` in ms.
export class Provider {
  constructor() {
    this.requests = []; // what was asked, in order
    this.delay = () => 0;
    this.status = 200;
  }
  async start(port = 0, host = '127.0.0.1') {
    this.server = createServer(async (request, response) => {
      const said = JSON.parse(await body(request)).messages.at(-1).content;
      this.requests.push(said);
      await sleep(this.delay());
      const answer = this.status === 200 ? { id: 'x', object: 'chat.completion', created: 1, model: 'parrot', choices: [{ index: 0, message: { role: 'assistant', content: said }, finish_reason: 'stop' }], usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 } } : { error: { message: 'no', type: 'server_error', param: null, code: null } };
      response.writeHead(this.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
    });
    this.server.keepAliveTimeout = 60_000; // as most servers have it: longer than a box keeps a connection that it does not use
    this.port = await listening(this.server, port, host);
  }
  async stop() {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
  }
}

// Who is told. Keeps what came, verified, and remembers ids as a receiver should.
export class Receiver {
  constructor() {
    this.seen = new Map(); // webhook-id → the message
    this.deliveries = 0;
    this.refuse = () => false;
    this.problems = [];
  }
  async start(host = '127.0.0.1') {
    this.server = createServer(async (request, response) => {
      const text = await body(request);
      try {
        new Webhook(this.secret).verify(text, request.headers);
      } catch (error) {
        this.problems.push(error.message);
      }
      if (this.refuse(request.headers['webhook-id'])) return void response.writeHead(500).end();
      ++this.deliveries;
      this.seen.set(request.headers['webhook-id'], JSON.parse(text));
      response.writeHead(204).end();
    });
    this.url = `http://${host}:${await listening(this.server, 0, host)}`;
  }
  // By the call that they are about.
  about(id) {
    return [...this.seen.values()].filter((message) => message.data.id === id);
  }
  stop() {
    this.server.close();
    this.server.closeAllConnections();
  }
}

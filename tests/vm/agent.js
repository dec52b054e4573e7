// QEMU's guest agent: a JSON object a line, one question at a time, over a serial port that QEMU shows as a Unix socket.
import { connect } from 'node:net';

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export class Agent {
  constructor(path) {
    this.path = path;
    this.turn = Promise.resolve();
    this.text = '';
    this.waiting = null;
  }

  // Resolves when the agent answers. What an earlier connection asked may still be answered: those lines are thrown away.
  async open(patience) {
    const end = performance.now() + patience;
    // QEMU has made the socket, but may not listen yet.
    const join = () =>
      new Promise((resolve) => {
        this.socket = connect(this.path, () => resolve(true)).on('error', () => resolve(false));
      });
    while (!(await join())) {
      if (performance.now() > end) throw new Error(`nobody listens at ${this.path}`);
      await pause(50);
    }
    this.socket.setEncoding('utf8').on('data', (part) => this.take(part));
    this.socket.on('close', () => this.fail(new Error('the machine is gone'))).on('error', () => {});
    for (let id = 1; ; ++id) {
      const answer = await this.ask('guest-sync', { id }, 1000, (line) => line.includes(`"return": ${id}}`)).catch((error) => error);
      if (answer === id) return;
      if (this.gone) throw this.gone;
      if (performance.now() > end) throw new Error(`the guest agent did not answer within ${patience / 1000} s: ${answer?.message ?? answer}`);
    }
  }

  take(part) {
    this.text += part;
    for (let at = this.text.indexOf('\n'); at >= 0; at = this.text.indexOf('\n')) {
      const line = this.text.slice(0, at);
      this.text = this.text.slice(at + 1);
      const waiting = this.waiting;
      if (!waiting?.awaits(line)) continue;
      this.waiting = null;
      waiting.resolve(line);
    }
  }

  fail(error) {
    this.gone = error;
    this.waiting?.reject(error);
    this.waiting = null;
  }

  async ask(execute, args, patience = 120_000, awaits = () => true) {
    const before = this.turn;
    let done;
    this.turn = new Promise((resolve) => (done = resolve));
    await before;
    try {
      if (this.gone) throw this.gone;
      const line = await new Promise((resolve, reject) => {
        const timer = setTimeout(() => this.waiting && ((this.waiting = null), reject(new Error(`no answer to ${execute}`))), patience);
        this.waiting = { awaits, resolve: (text) => (clearTimeout(timer), resolve(text)), reject: (error) => (clearTimeout(timer), reject(error)) };
        this.socket.write(`${JSON.stringify({ execute, arguments: args })}\n`);
      });
      const answer = JSON.parse(line.replace(/^[^{]*/, ''));
      if (answer.error) throw new Error(`${execute}: ${answer.error.desc}`);
      return answer.return;
    } finally {
      done();
    }
  }

  // Runs a command line in bash, as root; what it wrote and its exit status.
  async run(command, patience = 1_800_000) {
    const end = performance.now() + patience;
    const { pid } = await this.ask('guest-exec', { path: '/bin/bash', arg: ['-c', command], 'capture-output': true, env: ['PATH=/usr/sbin:/usr/bin:/sbin:/bin', 'LC_ALL=C.UTF-8', 'HOME=/root'] });
    const decode = (text) => Buffer.from(text ?? '', 'base64').toString();
    for (let wait = 20; ; wait = Math.min(wait * 1.5, 250)) {
      const status = await this.ask('guest-exec-status', { pid });
      if (status.exited) return { code: status.exitcode ?? 128 + status.signal, out: decode(status['out-data']), err: decode(status['err-data']) };
      if (performance.now() > end) throw new Error(`"${command}" did not end within ${patience / 1000} s`);
      await pause(wait);
    }
  }

  close() {
    this.socket?.destroy();
  }
}

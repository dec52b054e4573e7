// A hearthd of the test's own: private data, a port the system chooses, gone at the end. And a fetch that holds every exchange
// against the OpenAPI document.
import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { promisify } from 'node:util';
import { Contract } from './contract.js';

const run = promisify(execFile);
const bin = process.env.HEARTH_BIN_DIR ?? new URL('../../build/release/bin', import.meta.url).pathname;
const packs = new URL('../../build/packs', import.meta.url).pathname; // made by tools/pack

// Against hanging only: a machine may stand still for seconds, and nothing here is true or false because of it.
export const patience = 120_000; // ms

// What the caller's shell says of another hearthd is not meant for the tests' own; only where the engines are may be told.
export const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('HEARTH_') || name === 'HEARTH_ENGINES'));

// A test that fails may leave its box behind, and with it this process would not end. The file's own hooks, which stop
// boxes properly, run after this one.
const running = new Set();
after(() => {
  setTimeout(() => {
    for (const box of running) box.process.kill('SIGKILL');
  }, patience).unref();
});

export class Box {
  // `data`: the folder of a box that has ended; without one, a new folder. `through`: a command that runs hearthd in its place.
  // It listens on loopback, where `args` do not say otherwise.
  static async start(args = [], env = {}, data = undefined, through = []) {
    const box = new Box();
    box.data = data ?? (await mkdtemp(join(tmpdir(), 'hearth-test-')));
    box.log = '';
    const [program, ...rest] = [...through, join(bin, 'hearthd'), '--data', box.data, ...(args.includes('--listen') ? [] : ['--listen', '127.0.0.1:0']), '--log-format', 'json', ...args];
    box.process = spawn(program, rest, {
      stdio: ['ignore', 'ignore', 'pipe'],
      // Most tests ask the same again and mean it; those of the cache switch it on.
      env: { ...environment, HEARTH_CACHE_ENABLED: 'false', ...env },
    });
    running.add(box);
    box.exited = new Promise((resolve) => box.process.on('exit', (code, signal) => (running.delete(box), resolve({ code, signal }))));
    box.process.stderr.setEncoding('utf8').on('data', (text) => (box.log += text));
    const until = Date.now() + patience;
    for (;;) {
      const status = await box.hearth('status', '--json').catch(() => null);
      if (status && JSON.parse(status).ready) {
        box.url = JSON.parse(status).url;
        break;
      }
      if (box.process.exitCode !== null || Date.now() > until) throw new Error(`hearthd did not get ready:\n${box.log}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    box.key = (await box.hearth('keys', 'new', 'tests', '--quiet')).trim();
    box.contract = await Contract.load(`${box.url}/openapi.json`);
    box.fetch = (input, init) => box.contract.fetch(input, init);
    return box;
  }

  // A box with the tests' engine packs, and models of the tests' own making: name → arguments of make_tiny_models.
  static async withModels(models) {
    const data = await mkdtemp(join(tmpdir(), 'hearth-test-'));
    await symlink(packs, join(data, 'packs'));
    const box = await Box.start([], {}, data);
    for (const [name, how] of Object.entries(models)) await box.pullTiny(name, ...how);
    return box;
  }

  // Makes a model and pulls it; one of that name is replaced.
  async pullTiny(name, kind, ...options) {
    const file = join(this.data, `${name}.gguf`);
    await run(join(bin, '../tests/make_tiny_models'), [kind, file, ...options]);
    await this.hearth('pull', file, '--name', name, '--accept-change');
    await rm(file);
  }

  // Runs `hearth` against this box; the result is its standard output.
  async hearth(...args) {
    const { stdout } = await run(join(bin, 'hearth'), ['--data', this.data, ...args], { maxBuffer: 64 << 20, encoding: 'utf8', env: environment });
    return stdout;
  }

  async engines() {
    return JSON.parse(await this.hearth('engines', '--json')).data;
  }

  async engine(name) {
    return (await this.engines()).find((e) => e.name === name);
  }

  async stop() {
    this.process.kill('SIGTERM');
    const end = await this.exited;
    await rm(this.data, { recursive: true, force: true });
    return end;
  }
}

// One second of a tone as a WAV file: s16le mono at 16 kHz.
export function wav(seconds, { rate = 16000, hertz = 440, amplitude = 8000 } = {}) {
  const samples = Math.round(seconds * rate);
  const file = Buffer.alloc(44 + samples * 2);
  file.write('RIFF', 0);
  file.writeUInt32LE(36 + samples * 2, 4);
  file.write('WAVEfmt ', 8);
  file.writeUInt32LE(16, 16);
  file.writeUInt16LE(1, 20);
  file.writeUInt16LE(1, 22);
  file.writeUInt32LE(rate, 24);
  file.writeUInt32LE(rate * 2, 28);
  file.writeUInt16LE(2, 32);
  file.writeUInt16LE(16, 34);
  file.write('data', 36);
  file.writeUInt32LE(samples * 2, 40);
  for (let i = 0; i < samples; ++i) file.writeInt16LE(Math.round(amplitude * Math.sin((2 * Math.PI * hertz * i) / rate)), 44 + 2 * i);
  return file;
}

// A PDF with these lines in Helvetica on its page, or on each of its pages.
export function pdf(lines, { size = 18, pages = 1 } = {}) {
  const text = lines.map((line, i) => `BT /F1 ${size} Tf 60 ${720 - i * size * 1.6} Td (${line.replace(/[\\()]/g, '\\$&')}) Tj ET`).join('\n');
  const numbers = Array.from({ length: pages }, (_, i) => 5 + i);
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    `<< /Type /Pages /Kids [${numbers.map((number) => `${number} 0 R`).join(' ')}] /Count ${pages} >>`,
    `<< /Length ${text.length} >>\nstream\n${text}\nendstream`,
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>',
    ...numbers.map(() => '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 3 0 R /Resources << /Font << /F1 4 0 R >> >> >>'),
  ];
  let body = '%PDF-1.4\n';
  const offsets = objects.map((object, i) => {
    const at = body.length;
    body += `${i + 1} 0 obj\n${object}\nendobj\n`;
    return at;
  });
  const xref = body.length;
  body += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${offsets.map((o) => `${String(o).padStart(10, '0')} 00000 n \n`).join('')}`;
  body += `trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${xref}\n%%EOF\n`;
  return Buffer.from(body, 'latin1');
}

export const dataUrl = (type, bytes) => `data:${type};base64,${bytes.toString('base64')}`;

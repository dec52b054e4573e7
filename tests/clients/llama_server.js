// llama.cpp's own server on loopback, from its pack: a server that nobody here wrote and that speaks both OpenAI's and
// Anthropic's dialect. Its model, of the tests' own making, says one sentence after every prompt.
import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { until } from './support.js';

const run = promisify(execFile);
const pack = new URL('../../build/packs/llama.cpp/current/root', import.meta.url).pathname; // made by tools/pack
const bin = process.env.HEARTH_BIN_DIR ?? new URL('../../build/release/bin', import.meta.url).pathname;

export const said = 'Every evening the small kettle sings and our old cat dreams by its warm hearth.';

const freePort = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

export class LlamaServer {
  static async start() {
    const server = new LlamaServer();
    server.folder = await mkdtemp(join(tmpdir(), 'hearth-llama-'));
    await run(join(bin, '../tests/make_tiny_models'), ['llama', join(server.folder, 'tiny.gguf'), 'context=2048']);
    const port = await freePort();
    server.url = `http://127.0.0.1:${port}`;
    const sandbox = ['--ro-bind', pack, '/', '--dev', '/dev', '--proc', '/proc', '--tmpfs', '/tmp', '--ro-bind', server.folder, '/run', '--die-with-parent'];
    const options = ['--host', '127.0.0.1', '--port', `${port}`, '--model', '/run/tiny.gguf', '--alias', 'tiny', '--jinja', '--no-webui', '--offline', '--threads', '1'];
    server.process = spawn('bwrap', [...sandbox, '/usr/bin/llama-server', ...options], { stdio: 'ignore' });
    await until(async () => (await fetch(`${server.url}/health`)).ok, 'llama-server is ready');
    return server;
  }

  async stop() {
    const gone = new Promise((resolve) => this.process.once('exit', resolve));
    this.process.kill('SIGKILL');
    await gone;
    await rm(this.folder, { recursive: true, force: true });
  }
}

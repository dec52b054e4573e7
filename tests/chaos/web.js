// nginx with a folder of files: a server that can be killed in the middle of an answer.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { rm } from 'node:fs/promises';
import { request } from 'node:http';
import { newFolder } from './site.js';
import { waitFor } from './strike.js';

const freePort = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

export class Web {
  // `rate`: bytes a second for each connection, as nginx writes it; 0: as fast as it goes. `through`: a command that runs nginx.
  static async start(rate = '0', { address = '127.0.0.1', port, through = [] } = {}) {
    const web = new Web();
    web.at = address;
    web.through = through;
    web.folder = await newFolder();
    await chmod(web.folder, 0o755); // its workers are another user when this is root
    web.root = join(web.folder, 'root');
    await mkdir(web.root);
    web.port = port ?? (await freePort());
    await writeFile(
      join(web.folder, 'nginx.conf'),
      `daemon off; worker_processes 1; error_log ${web.folder}/error.log; pid ${web.folder}/pid;
events { worker_connections 128; }
http {
  access_log off; default_type application/octet-stream; limit_rate ${rate};
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((what) => `${what}_temp_path ${web.folder}/${what};`).join(' ')}
  server { listen ${web.at}:${web.port}; root ${web.root}; }
}\n`,
    );
    await web.up();
    return web;
  }

  async up() {
    const [program, ...rest] = [...this.through, 'nginx', '-e', `${this.folder}/error.log`, '-c', `${this.folder}/nginx.conf`, '-p', this.folder];
    this.process = spawn(program, rest, { stdio: 'ignore', detached: true });
    this.ended = new Promise((resolve) => this.process.on('exit', resolve));
    await waitFor(
      () =>
        new Promise((resolve) => {
          const socket = connect(this.port, this.at, () => (socket.destroy(), resolve(true))).on('error', () => resolve(false));
        }),
      'nginx listens',
    );
  }

  // At once, its workers too.
  async down() {
    process.kill(-this.process.pid, 'SIGKILL');
    await this.ended;
  }

  // The address of a file, with the digest that vouches for it.
  async address(name, host = this.at) {
    const digest = createHash('sha256').update(await readFile(join(this.root, name))).digest('hex');
    return `http://${host}:${this.port}/${name}#sha256=${digest}`;
  }

  async stop() {
    await this.down();
    await rm(this.folder, { recursive: true });
  }
}

// A pull as `hearth pull` asks for it; resolves with its last event.
export function pull(box, body, seen = () => {}) {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath: join(box.data, 'run', 'admin.sock'), path: '/admin/models/pull', method: 'POST', agent: false, headers: { host: 'localhost', 'content-type': 'application/json' } }, (answer) => {
      let text = '';
      let last;
      answer.setEncoding('utf8').on('data', (part) => {
        text += part;
        for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
          last = JSON.parse(text.slice(0, end));
          text = text.slice(end + 1);
          seen(last);
        }
      });
      answer.on('error', reject).on('end', () => resolve(last));
    });
    asked.on('error', reject).end(JSON.stringify(body));
  });
}

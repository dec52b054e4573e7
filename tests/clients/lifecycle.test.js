// Starting, stopping, being killed, and finding the house in disorder.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, chown, copyFile, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { Box, environment, patience, wav } from './harness.js';
import { embed, engine, expectError, form, ocr, speak, status, transcribe, unharmed, until } from './support.js';

const hearthd = join(process.env.HEARTH_BIN_DIR ?? new URL('../../build/release/bin', import.meta.url).pathname, 'hearthd');
const refused = (args, options = {}) =>
  new Promise((resolve) => execFile(options.program ?? hearthd, [...args, '--log-format', 'json'], { timeout: patience, env: environment, ...options }, (error, _, stderr) => resolve({ code: error?.code ?? 0, stderr })));

// Processes whose command line mentions the box's folder: the engines' sockets lie there.
async function processesOf(box) {
  const found = [];
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (line.includes(box.data) && Number(pid) !== process.pid) found.push(`${pid} ${line.replaceAll('\0', ' ')}`);
  }
  return found;
}
// The engines' processes, by what the box says itself; the kernel says whether they still live.
const alive = (pid) => readFile(`/proc/${pid}/stat`, 'utf8').then((line) => !/\) [ZX] /.test(line), () => false);

const warm = async (box) => {
  for (const answer of await Promise.all([embed(box), speak(box, 'one'), transcribe(box, wav(0.2)), ocr(box, 'image/x-portable-bitmap', Buffer.concat([Buffer.from('P4\n64 64\n'), Buffer.alloc(512)]))])) {
    assert.equal(answer.status, 200);
    await answer.arrayBuffer();
  }
};

describe('stopping', () => {
  test('SIGTERM lets what is in flight end, turns new ones away, exits with 0', async () => {
    const box = await Box.start([], { HEARTH_SERVER_DRAIN_TIME: '10min' });
    await warm(box);
    const pids = [];
    for (const name of ['embed', 'speech']) pids.push((await engine(box, name)).pid);
    for (const pid of pids) process.kill(pid, 'SIGSTOP'); // in flight for as long as the test wants
    const asked = Array.from({ length: 3 }, () => embed(box).then(async (a) => ({ status: a.status, body: await a.text() })));
    const spoken = speak(box, 'This sentence is finished although the box is told to stop. '.repeat(10), { response_format: 'wav' }).then(async (a) => ({ status: a.status, size: (await a.arrayBuffer()).byteLength }));
    await until(async () => (await status(box)).requests.in_flight === 4, 'requests in flight');
    box.process.kill('SIGTERM');
    await until(() => fetch(`${box.url}/healthz`).then(() => false, () => true), 'new connections are refused');
    assert.equal(box.process.exitCode, null);
    for (const pid of pids) process.kill(pid, 'SIGCONT');
    for (const one of await Promise.all(asked)) assert.equal(one.status, 200, one.body);
    assert.equal((await spoken).status, 200);
    assert.ok((await spoken).size > 100_000);
    assert.deepEqual(await box.exited, { code: 0, signal: null }, box.log.slice(-1000));
    for (const pid of pids) assert.equal(await alive(pid), false);
    assert.deepEqual(await processesOf(box), []);
    await rm(box.data, { recursive: true });
  });
  test('a request that does not end is cut at server.drain_time', async () => {
    const box = await Box.start([], { HEARTH_SERVER_DRAIN_TIME: '300ms' });
    await warm(box);
    const { pid } = await engine(box, 'embed');
    process.kill(pid, 'SIGSTOP'); // and it stays so: nothing but the cut ends this request
    const asked = embed(box).then((a) => a.status, () => 'broken');
    await until(async () => (await engine(box, 'embed')).in_flight > 0, 'a request in flight');
    box.process.kill('SIGTERM');
    assert.ok([503, 499, 'broken'].includes(await asked));
    assert.deepEqual(await box.exited, { code: 0, signal: null }, box.log.slice(-1000));
    assert.equal(await alive(pid), false);
    await rm(box.data, { recursive: true });
  });
  test('an order from `hearth` that is under way does not keep it from stopping', async () => {
    const box = await Box.start();
    const orders = ['embed', 'speech', 'media', 'ocr', 'transcribe'].map((name) => box.hearth('engines', 'start', name).then(() => 0, () => 1));
    const end = box.stop();
    await Promise.all(orders);
    assert.deepEqual(await end, { code: 0, signal: null }, box.log.slice(-1000));
  });
});

describe('kill -9 of the daemon', () => {
  test('no engine is left behind; keys and files are still there after the next start', async () => {
    const box = await Box.start([], { HEARTH_SERVER_AUTH: 'required' });
    await warm(box);
    const kept = await (await form(box, '/v1/files', { file: Buffer.from('kept'), purpose: 'ocr' })).json();
    const pids = (await status(box)).engines.map((e) => e.pid).filter((pid) => pid > 0);
    assert.ok(pids.length >= 5);
    const { data, key } = box;
    box.process.kill('SIGKILL');
    await box.exited;
    await until(async () => !(await Promise.all(pids.map(alive))).some(Boolean), 'the engines are gone');
    await until(async () => (await processesOf(box)).length === 0, 'and what started them');

    const next = await Box.start([], { HEARTH_SERVER_AUTH: 'required' }, data);
    const { url } = next;
    const content = await fetch(`${url}/v1/files/${kept.id}/content`, { headers: { 'x-api-key': key } });
    assert.equal(content.status, 200);
    assert.equal(await content.text(), 'kept');
    await expectError(await fetch(`${url}/v1/models`), 401);
    await unharmed(next);
    assert.deepEqual(await next.stop(), { code: 0, signal: null });
  });
});

describe('a house in disorder', () => {
  const folder = () => mkdtemp(join(tmpdir(), 'hearth-test-'));
  test('a damaged hearth.db', async () => {
    const data = await folder();
    await writeFile(join(data, 'hearth.db'), Buffer.alloc(8192, 'not a database '));
    const end = await refused(['--data', data, '--listen', '127.0.0.1:0']);
    assert.equal(end.code, 1, end.stderr);
    assert.match(end.stderr, /hearth\.db/);
    assert.equal((await readFile(join(data, 'hearth.db'))).subarray(0, 14).toString(), 'not a database', 'it is left as it was');
    await rm(data, { recursive: true });
  });
  test('a key in hearth.yaml that does not exist: the nearest one, and the line', async () => {
    const data = await folder();
    await writeFile(join(data, 'hearth.yaml'), 'server:\n  drain_time: 5s\n  conections: 5\n');
    const end = await refused(['--data', data, '--listen', '127.0.0.1:0']);
    assert.equal(end.code, 2, end.stderr);
    assert.match(end.stderr, /hearth\.yaml:3/);
    assert.match(end.stderr, /conections/);
    assert.match(end.stderr, /connections/);
    await rm(data, { recursive: true });
  });
  test('values of the wrong kind, YAML that is none, an environment variable that is none', async () => {
    const data = await folder();
    for (const text of ['server:\n  connections: many\n', 'server: [\n', 'limits:\n  upload: -5\n', '\0\0\0']) {
      await writeFile(join(data, 'hearth.yaml'), text);
      const end = await refused(['--data', data, '--listen', '127.0.0.1:0']);
      assert.equal(end.code, 2, `${JSON.stringify(text)}: ${end.stderr}`);
      assert.match(end.stderr, /hearth\.yaml/);
    }
    await rm(join(data, 'hearth.yaml'));
    const end = await refused(['--data', data, '--listen', '127.0.0.1:0'], { env: { ...environment, HEARTH_SERVER_CONNECTIONS: 'many' } });
    assert.equal(end.code, 2, end.stderr);
    assert.match(end.stderr, /HEARTH_SERVER_CONNECTIONS|server\.connections/);
    await rm(data, { recursive: true });
  });
  test('a data folder that cannot be written', async () => {
    const data = await folder();
    let options = {};
    let reachable;
    if (process.getuid() === 0) {
      // Nothing is read-only for root: the daemon runs as nobody, from where nobody can reach it.
      reachable = await folder();
      await chmod(reachable, 0o755);
      await copyFile(hearthd, join(reachable, 'hearthd'));
      await chmod(join(reachable, 'hearthd'), 0o755);
      options = { uid: 65534, gid: 65534, program: join(reachable, 'hearthd') };
      await chown(data, 0, 0);
    }
    await chmod(data, 0o555);
    const end = await refused(['--data', data, '--listen', '127.0.0.1:0'], options);
    assert.equal(end.code, 1, end.stderr);
    assert.match(end.stderr, new RegExp(data));
    const nested = await refused(['--data', join(data, 'deeper'), '--listen', '127.0.0.1:0'], options);
    assert.equal(nested.code, 1, nested.stderr);
    assert.match(nested.stderr, /--data/);
    await rm(data, { recursive: true });
    if (reachable) await rm(reachable, { recursive: true });
  });
  test('a data path that is too long for its sockets', async () => {
    const data = await folder();
    const end = await refused(['--data', join(data, 'x'.repeat(120)), '--listen', '127.0.0.1:0']);
    assert.equal(end.code, 2, end.stderr);
    assert.match(end.stderr, /choose a shorter data folder/);
    await rm(data, { recursive: true });
  });
});

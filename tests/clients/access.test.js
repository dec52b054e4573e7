// Who may call: keys, and the Host and Origin checks that keep other people's web pages out.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile, readdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Box, environment, patience } from './harness.js';
import { ask, checkError, expectError, form, unharmed } from './support.js';

const hearthd = join(process.env.HEARTH_BIN_DIR ?? new URL('../../build/release/bin', import.meta.url).pathname, 'hearthd');
// Runs hearthd where it should refuse to; its end within the time is part of the test.
const refused = (args, env = {}) =>
  new Promise((resolve) => execFile(hearthd, [...args, '--log-format', 'json'], { env: { ...environment, ...env }, timeout: patience }, (error, _, stderr) => resolve({ code: error?.code ?? 0, stderr })));

let box;
before(async () => {
  box = await Box.start(['--log-level', 'debug'], { HEARTH_SERVER_AUTH: 'required', HEARTH_SERVER_ALLOWED_HOSTS: 'box.example', HEARTH_SERVER_ALLOWED_ORIGINS: 'https://app.example' });
});
after(async () => {
  const end = await box?.stop();
  assert.deepEqual(end, { code: 0, signal: null }, box?.log.slice(-2000));
});

// A file that went while we looked holds nothing.
const contentOf = (file) =>
  readFile(file).catch((error) => {
    if (error.code !== 'ENOENT') throw error;
    return '';
  });

const models = (headers = {}) => fetch(`${box.url}/v1/models`, { headers });
const secrets = [];

describe('keys', () => {
  test('none, a wrong one, one that is nearly right, a huge one', async () => {
    await expectError(await models(), 401, 'missing_api_key');
    const nearly = box.key.slice(0, -1) + (box.key.endsWith('a') ? 'b' : 'a');
    secrets.push(nearly);
    for (const key of ['x', 'sk-hearth-wrong', nearly, box.key.slice(0, -1), `${box.key}x`, 'k'.repeat(8000)]) {
      await expectError(await models({ authorization: `Bearer ${key}` }), 401, 'invalid_api_key');
      await expectError(await models({ 'x-api-key': key }), 401, 'invalid_api_key');
    }
    await expectError(await models({ authorization: `Basic ${Buffer.from(`user:${box.key}`).toString('base64')}` }), 401, 'missing_api_key');
  });
  test('Authorization, x-api-key and api-key are understood', async () => {
    for (const headers of [{ authorization: `Bearer ${box.key}` }, { authorization: `bearer  ${box.key} ` }, { 'x-api-key': box.key }, { 'api-key': box.key }]) assert.equal((await models(headers)).status, 200);
  });
  test('every endpoint asks for it, health does not', async () => {
    for (const path of ['/v1/embeddings', '/v1/audio/speech', '/v1/audio/transcriptions', '/v1/ocr', '/v1/chat/completions', '/v1/images/detections', '/v1/files'])
      await expectError(await fetch(`${box.url}${path}`, { method: 'POST', body: '{}' }), 401, 'missing_api_key');
    await expectError(await fetch(`${box.url}/metrics`), 401, 'missing_api_key');
    await expectError(await fetch(`${box.url}/v1/nothing`), 401, 'missing_api_key');
    for (const path of ['/healthz', '/readyz', '/openapi.json']) assert.equal((await fetch(`${box.url}${path}`)).status, 200);
  });
  test('a removed key is of no use from the moment it is removed', async () => {
    const made = JSON.parse(await box.hearth('keys', 'new', 'short-lived', '--json'));
    secrets.push(made.key);
    assert.equal((await models({ 'x-api-key': made.key })).status, 200);
    await box.hearth('keys', 'rm', made.id);
    await expectError(await models({ 'x-api-key': made.key }), 401, 'invalid_api_key');
  });
  test("one key's files are not another's", async () => {
    const other = (await box.hearth('keys', 'new', 'other', '--quiet')).trim();
    secrets.push(other);
    const file = await (await form(box, '/v1/files', { file: Buffer.from('mine'), purpose: 'ocr' })).json();
    const asOther = (path, init = {}) => fetch(`${box.url}/v1/files/${file.id}${path}`, { ...init, headers: { 'x-api-key': other } });
    await expectError(await asOther(''), 404);
    await expectError(await asOther('/content'), 404);
    await expectError(await asOther('', { method: 'DELETE' }), 404);
    assert.equal(await (await fetch(`${box.url}/v1/files/${file.id}/content`, { headers: { 'x-api-key': box.key } })).text(), 'mine');
    for (const path of ['../../hearth.db', '..%2f..%2fhearth.db', '%2e%2e/hearth.db']) {
      const answer = await ask(box.url, `GET /v1/files/${path}/content HTTP/1.1\r\nHost: localhost\r\nx-api-key: ${box.key}\r\n\r\n`);
      checkError(answer.status, answer.body, 404);
    }
  });
  test('the log and the store hold no key', async () => {
    secrets.push(box.key);
    await unharmed(box);
    const files = [];
    for (const entry of await readdir(box.data, { recursive: true, withFileTypes: true })) if (entry.isFile()) files.push(join(entry.parentPath, entry.name));
    assert.ok(files.some((f) => f.endsWith('hearth.db')), String(files));
    for (const secret of secrets) {
      assert.ok(!box.log.includes(secret), 'a key in the log');
      assert.ok(!box.log.includes(secret.slice(-24)), 'most of a key in the log');
      for (const file of files) assert.ok(!(await contentOf(file)).includes(secret), `a key in ${file}`);
    }
  });
});

describe('hosts and origins', () => {
  const get = (headers, path = '/v1/models') => ask(box.url, `GET ${path} HTTP/1.1\r\nx-api-key: ${box.key}\r\n${headers}\r\n`);
  test('names that are the box’s', async () => {
    for (const host of ['localhost', 'localhost:8420', 'LOCALHOST', '127.0.0.1:1', '[::1]:8420', '192.168.1.20', 'box.example', 'box.example:8420', 'Box.Example.'])
      assert.equal((await get(`Host: ${host}\r\n`)).status, 200, host);
  });
  test('names that are not', async () => {
    for (const host of ['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example', 'box.example.evil', '', '[::1', 'a b']) {
      const answer = await get(`Host: ${host}\r\n`);
      assert.ok([400, 403, 421].includes(answer.status), `${host}: ${answer.status}`);
      checkError(answer.status, answer.body, answer.status);
    }
    assert.notEqual((await get('')).status, 200);
    for (const path of ['/openapi.json', '/metrics']) assert.ok((await get('Host: evil.example\r\n', path)).status >= 400, path);
  });
  test('pages from elsewhere may not call, and cannot read the refusal', async () => {
    for (const origin of ['https://evil.example', 'null', 'http://localhost.evil.example', 'https://app.example.evil', 'http://app.example']) {
      const answer = await get(`Host: localhost\r\nOrigin: ${origin}\r\n`);
      checkError(answer.status, answer.body, 403, 'origin_not_allowed');
      assert.equal(answer.headers['access-control-allow-origin'], undefined, origin);
    }
  });
  test('welcome pages get their CORS headers, on errors too', async () => {
    for (const origin of ['https://app.example', 'http://localhost:3000']) {
      const good = await get(`Host: localhost\r\nOrigin: ${origin}\r\n`);
      assert.equal(good.status, 200);
      assert.equal(good.headers['access-control-allow-origin'], origin);
      assert.match(good.headers.vary, /Origin/);
      const bad = await ask(box.url, `GET /v1/models HTTP/1.1\r\nHost: localhost\r\nOrigin: ${origin}\r\n\r\n`);
      checkError(bad.status, bad.body, 401);
      assert.equal(bad.headers['access-control-allow-origin'], origin);
    }
  });
  test('preflights', async () => {
    const preflight = (origin, host = 'localhost') =>
      ask(box.url, `OPTIONS /v1/embeddings HTTP/1.1\r\nHost: ${host}\r\nOrigin: ${origin}\r\nAccess-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: authorization,content-type\r\n\r\n`);
    // 204 has neither body nor length.
    const good = await preflight('https://app.example');
    assert.equal(good.status, 204);
    assert.equal(good.headers['access-control-allow-origin'], 'https://app.example');
    assert.match(good.headers['access-control-allow-headers'], /authorization/);
    assert.match(good.headers['access-control-allow-methods'], /POST/);
    for (const answer of [await preflight('https://evil.example'), await preflight('https://evil.example', 'evil.example')]) {
      assert.ok([403, 421].includes(answer.status));
      assert.equal(answer.headers['access-control-allow-origin'], undefined);
    }
  });
});

describe('starting where it must not', () => {
  test('other machines and no keys', async () => {
    const end = await refused(['--data', join(box.data, 'second'), '--listen', '0.0.0.0:0'], { HEARTH_SERVER_AUTH: 'off' });
    assert.equal(end.code, 2, end.stderr);
    assert.match(end.stderr, /server\.auth is off.*other machines/);
  });
  test('a second daemon on the same data', async () => {
    const end = await refused(['--data', box.data, '--listen', '127.0.0.1:0']);
    assert.equal(end.code, 1, end.stderr);
    assert.match(end.stderr, /another hearthd|already|in use/i);
    await unharmed(box);
  });
  test('a port in use', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const end = await refused(['--data', join(box.data, 'second'), '--listen', `127.0.0.1:${other.address().port}`]);
    other.close();
    assert.equal(end.code, 1, end.stderr);
    assert.match(end.stderr, /is in use by another program; choose another port/);
  });
  test('an address that is none', async () => {
    const end = await refused(['--data', join(box.data, 'second'), '--listen', 'nonsense']);
    assert.equal(end.code, 2, end.stderr);
    assert.match(end.stderr, /nonsense/);
  });
});

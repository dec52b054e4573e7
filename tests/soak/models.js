// The models of the soak: made here, of the usual shapes and sizes, and together much larger than the budget. What they say is
// known, and can be checked.
import { mkdir, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../chaos/processes.js';

export const bin = process.env.HEARTH_BIN_DIR ?? new URL('../../build/release/bin', import.meta.url).pathname;

const llama = (embedding, layers, more = []) => ['llama', 'context=4096', `embedding=${embedding}`, `layers=${layers}`, `heads=${embedding / 64}`, 'kv_heads=4', `feed_forward=${embedding * 2.75}`, 'weights=f16', ...more];
const bert = (embedding, layers, more = []) => ['bert', 'context=512', `embedding=${embedding}`, `layers=${layers}`, `heads=${embedding / 64}`, `feed_forward=${embedding * 4}`, 'weights=f16', ...more];

// Most popular first: the n-th is asked 1/n as often.
export const models = [
  { name: 'chat-230', kind: 'chat', options: llama(1024, 10, ['seed=2']) },
  { name: 'embed-170', kind: 'embedding', options: bert(768, 12, ['seed=3']) },
  { name: 'chat-410', kind: 'chat', options: llama(1024, 18, ['seed=4']) },
  { name: 'chat-150', kind: 'chat', options: llama(768, 12, ['seed=5']) },
  { name: 'rerank-170', kind: 'rerank', options: bert(768, 12, ['pooling=4', 'seed=6']) },
  { name: 'chat-320', kind: 'chat', options: llama(1024, 14, ['seed=7']) },
  { name: 'embed-300', kind: 'embedding', options: bert(1024, 12, ['seed=8']) },
  { name: 'chat-270', kind: 'chat', options: llama(1024, 12, ['seed=9']) },
];

// Makes what is not there yet in `folder` (the same options give the same bytes) and installs all in the box.
export async function install(box, folder) {
  await mkdir(folder, { recursive: true });
  for (const { name, options } of models) {
    const file = join(folder, `${name}.gguf`);
    if (!(await stat(file).catch(() => null))) {
      await run(join(bin, '../tests/make_tiny_models'), [options[0], `${file}.new`, ...options.slice(1)]);
      await rename(`${file}.new`, file);
    }
    await box.hearth('pull', file, '--name', name);
  }
}

// Bytes of their files.
export async function sizeOf(folder) {
  let bytes = 0;
  for (const { name } of models) bytes += (await stat(join(folder, `${name}.gguf`))).size;
  return bytes;
}

// Clients that people point at such a box: Vercel's AI SDK, LangChain, Mistral's SDK.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { createOpenAI } from '@ai-sdk/openai';
import { embed, embedMany, experimental_generateSpeech as generateSpeech, experimental_transcribe as transcribe } from 'ai';
import { OpenAIEmbeddings } from '@langchain/openai';
import { HTTPClient, Mistral } from '@mistralai/mistralai';
import { Box, dataUrl, pdf } from './harness.js';

let box;
before(async () => (box = await Box.start()));
after(async () => {
  assert.deepEqual(await box?.stop(), { code: 0, signal: null }, box?.log.slice(-2000));
});

const cosine = (a, b) => a.reduce((sum, x, i) => sum + x * b[i], 0) / (Math.hypot(...a) * Math.hypot(...b));

test('AI SDK: embeddings through openai-compatible', async () => {
  const provider = createOpenAICompatible({ name: 'hearth', baseURL: `${box.url}/v1`, apiKey: box.key, fetch: box.fetch });
  const model = provider.embeddingModel('text-embedding-3-small');
  const one = await embed({ model, value: 'a cat on a sofa' });
  assert.equal(one.embedding.length, 256);
  const { embeddings, usage } = await embedMany({ model, values: ['a kitten on a couch', 'quarterly tax report'] });
  assert.ok(cosine(one.embedding, embeddings[0]) > cosine(one.embedding, embeddings[1]));
  assert.ok(usage.tokens > 0);
});

test('AI SDK: speech and transcription', async () => {
  const provider = createOpenAI({ name: 'hearth', baseURL: `${box.url}/v1`, apiKey: box.key, fetch: box.fetch });
  const { audio } = await generateSpeech({ model: provider.speech('tts-1'), text: 'one two three four five', voice: 'onyx', outputFormat: 'wav' });
  assert.equal(Buffer.from(audio.uint8Array.subarray(0, 4)).toString(), 'RIFF');
  const heard = await transcribe({ model: provider.transcription('whisper-1'), audio: audio.uint8Array });
  assert.ok(['one', 'two', 'three', 'four', 'five'].filter((w) => heard.text.toLowerCase().includes(w)).length >= 3, heard.text);
  assert.ok(heard.durationInSeconds > 0.5);
});

test('LangChain: embeds documents and queries', async () => {
  const embeddings = new OpenAIEmbeddings({ model: 'text-embedding-3-small', apiKey: box.key, configuration: { baseURL: `${box.url}/v1`, fetch: box.fetch } });
  const documents = await embeddings.embedDocuments(['Rain is expected tomorrow.', 'The recipe needs two eggs.']);
  const query = await embeddings.embedQuery('What will the weather be like?');
  assert.ok(cosine(query, documents[0]) > cosine(query, documents[1]));
});

test("Mistral's SDK: uploads a file, asks for its URL, reads it", async () => {
  const page = pdf(['Meeting notes', 'The gate closes at half past nine.']);
  const client = new Mistral({ serverURL: box.url, apiKey: box.key, httpClient: new HTTPClient({ fetcher: box.fetch }) });
  const file = await client.files.upload({ file: { fileName: 'notes.pdf', content: page }, purpose: 'ocr' });
  const { url } = await client.files.getSignedUrl({ fileId: file.id });
  for (const documentUrl of [url, dataUrl('application/pdf', page)]) {
    const answer = await client.ocr.process({ model: 'mistral-ocr-latest', document: { type: 'document_url', documentUrl } });
    assert.match(answer.pages[0].markdown, /gate closes at half past nine/);
  }
});

test('every exchange was as the OpenAPI document says', () => assert.deepEqual(box.contract.violations, []));

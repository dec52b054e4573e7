// The requests of the campaign: for each engine one that it must answer, what a right answer is, and which engines take part.
import { dataUrl, wav } from '../clients/harness.js';
import { embed, json, ocr, speak, transcribe } from '../clients/support.js';

const page = Buffer.concat([Buffer.from('P4\n160 48\n'), Buffer.alloc(20 * 48)]); // white: the least work there is
const sound = wav(0.2);
const read = (body) => JSON.parse(body.toString());

export const kinds = {
  embeddings: {
    uses: ['embed'],
    ask: (box, extra) => embed(box, 'a cup of tea', extra),
    right: (body) => read(body).data[0].embedding.length === 256,
  },
  speech: {
    uses: ['speech', 'media'],
    ask: (box, extra) => speak(box, 'one', { response_format: 'wav' }, extra),
    right: (body) => body.subarray(0, 4).toString() === 'RIFF' && body.length > 4000,
  },
  ocr: {
    uses: ['ocr', 'media'],
    ask: (box, extra) => ocr(box, 'image/x-portable-bitmap', page, extra),
    right: (body) => read(body).pages.length === 1,
  },
  transcription: {
    uses: ['transcribe', 'media'],
    ask: (box, extra) => transcribe(box, sound, {}, extra),
    right: (body) => typeof read(body).text === 'string',
  },
  detection: {
    uses: ['vision', 'media'],
    ask: (box, extra) => json(box, '/v1/images/detections', { image: dataUrl('image/x-portable-bitmap', page) }, extra),
    right: (body) => Array.isArray(read(body).data),
  },
  chat: {
    uses: ['llama-tiny'],
    ask: (box, extra) => json(box, '/v1/chat/completions', { model: 'tiny', messages: [{ role: 'user', content: 'What sings?' }], temperature: 0, max_tokens: 4 }, extra),
    right: (body) => read(body).usage.completion_tokens > 0,
  },
};

// The kind that asks this engine, and as few others as possible.
export const kindOf = { embed: 'embeddings', speech: 'speech', ocr: 'ocr', transcribe: 'transcription', vision: 'detection', media: 'speech', 'llama-tiny': 'chat' };
export const engineNames = Object.keys(kindOf);

const kHang = 90_000; // ms; nothing here takes so long, so it was never answered

function isRight(kind, body) {
  try {
    return kinds[kind].right(body);
  } catch {
    return false;
  }
}

// One request to its end.
export async function ask(box, kind) {
  const result = { kind, sent: performance.now(), ok: false, why: '' };
  try {
    const answer = await kinds[kind].ask(box, { signal: AbortSignal.timeout(kHang) });
    const body = Buffer.from(await answer.arrayBuffer());
    result.ok = answer.status === 200 && isRight(kind, body);
    if (!result.ok) result.why = `${answer.status} ${body.toString().slice(0, 300)}`;
  } catch (error) {
    result.why = `${error.message}${error.cause ? `: ${error.cause.message}` : ''}`;
  }
  result.ended = performance.now();
  return result;
}

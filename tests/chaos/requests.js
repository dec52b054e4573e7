// The requests of the campaign: for each engine one that it must answer, and which engines take part in it.
import { dataUrl, wav } from '../clients/harness.js';
import { embed, json, ocr, speak, transcribe } from '../clients/support.js';

const page = Buffer.concat([Buffer.from('P4\n160 48\n'), Buffer.alloc(20 * 48)]); // white: the least work there is
const sound = wav(0.2);

export const kinds = {
  embeddings: { uses: ['embed'], ask: (box, extra) => embed(box, 'a cup of tea', extra) },
  speech: { uses: ['speech', 'media'], ask: (box, extra) => speak(box, 'one', { response_format: 'wav' }, extra) },
  ocr: { uses: ['ocr', 'media'], ask: (box, extra) => ocr(box, 'image/x-portable-bitmap', page, extra) },
  transcription: { uses: ['transcribe', 'media'], ask: (box, extra) => transcribe(box, sound, {}, extra) },
  detection: { uses: ['vision', 'media'], ask: (box, extra) => json(box, '/v1/images/detections', { image: dataUrl('image/x-portable-bitmap', page) }, extra) },
  chat: {
    uses: ['llama-tiny'],
    ask: (box, extra) => json(box, '/v1/chat/completions', { model: 'tiny', messages: [{ role: 'user', content: 'What sings?' }], temperature: 0, max_tokens: 4 }, extra),
  },
};

// The kind that asks this engine, and as few others as possible.
export const kindOf = { embed: 'embeddings', speech: 'speech', ocr: 'ocr', transcribe: 'transcription', vision: 'detection', media: 'speech', 'llama-tiny': 'chat' };
export const engineNames = Object.keys(kindOf);

const kHang = 90_000; // ms; nothing here takes so long, so it was never answered

// One request to its end.
export async function ask(box, kind) {
  const result = { kind, sent: performance.now(), ok: false, why: '' };
  try {
    const answer = await kinds[kind].ask(box, { signal: AbortSignal.timeout(kHang) });
    const body = await answer.arrayBuffer();
    result.ok = answer.status === 200;
    if (!result.ok) result.why = `${answer.status} ${Buffer.from(body).toString().slice(0, 300)}`;
  } catch (error) {
    result.why = `${error.message}${error.cause ? `: ${error.cause.message}` : ''}`;
  }
  result.ended = performance.now();
  return result;
}

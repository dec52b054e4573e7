// The memory of the soak over time, as SVG.
const kLeft = 70;
const kWidth = 860;
const kMB = 1e6;

// The most of each pixel's samples: what matters is never drawn lower than it was.
function line(samples, seconds, value, height, colour) {
  const most = new Map();
  for (const sample of samples) {
    const x = Math.floor((sample.at / seconds) * kWidth);
    most.set(x, Math.max(most.get(x) ?? 0, value(sample)));
  }
  const points = [...most].sort(([a], [b]) => a - b).map(([x, v]) => `${kLeft + x},${height(v).toFixed(1)}`);
  return `<polyline points='${points.join(' ')}' fill='none' stroke='${colour}' stroke-width='1.2'/>\n`;
}

function panel({ top, height, most, step, unit }) {
  const at = (bytes) => top + height - (bytes / most) * height;
  let svg = '';
  for (let bytes = 0; bytes <= most; bytes += step) svg += `<path d='M${kLeft} ${at(bytes).toFixed(1)}h${kWidth}' class='grid'/><text x='${kLeft - 8}' y='${(at(bytes) + 4).toFixed(1)}' text-anchor='end'>${Math.round(bytes / kMB)}${unit}</text>\n`;
  return { at, svg };
}

const marks = (events, seconds, y, colour) => events.map(({ at }) => `<path d='M${(kLeft + (at / seconds) * kWidth).toFixed(1)} ${y}v12' stroke='${colour}'/>`).join('') + '\n';

export function picture({ samples, events, budget, from, until }) {
  const seconds = until - from;
  const tall = Math.max(budget * 1.1, ...samples.map(({ pss }) => pss * 1.05));
  const engines = panel({ top: 44, height: 260, most: tall, step: 250 * kMB, unit: ' MB' });
  const own = Math.max(...samples.map(({ ownRss }) => ownRss));
  const daemon = panel({ top: 400, height: 90, most: Math.ceil((own * 1.2) / (4 * kMB)) * 4 * kMB, step: Math.max(4, Math.ceil(own / kMB / 16) * 4) * kMB, unit: ' MB' });
  let svg = `<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 ${kLeft + kWidth + 30} 540' width='${kLeft + kWidth + 30}' height='540' role='img' font-family='DejaVu Sans, sans-serif' font-size='12' fill='#333'>
<title>Memory of the engines and of hearthd during the soak</title>
<style>.grid{stroke:#ddd;stroke-width:1}</style>
<rect width='100%' height='100%' fill='#fff'/>
<text x='${kLeft}' y='26' font-size='14'>Memory of all processes under hearthd (PSS, ${samples.length} samples)</text>
`;
  const minutes = seconds / 60;
  const every = minutes > 12 ? 5 : 1;
  for (let minute = 0; minute <= minutes; minute += every) {
    const x = (kLeft + (minute / minutes) * kWidth).toFixed(1);
    svg += `<path d='M${x} 44v260M${x} 400v90' class='grid'/><text x='${x}' y='508' text-anchor='middle'>${minute}</text>\n`;
  }
  svg += `<text x='${kLeft + kWidth / 2}' y='528' text-anchor='middle'>minutes</text>\n${engines.svg}${daemon.svg}`;
  svg += line(samples, seconds, ({ pss }) => pss, engines.at, '#1f5fa8');
  svg += `<path d='M${kLeft} ${engines.at(budget).toFixed(1)}h${kWidth}' stroke='#c0392b' stroke-width='1.5' stroke-dasharray='6 4'/><text x='${kLeft + kWidth}' y='${(engines.at(budget) - 5).toFixed(1)}' text-anchor='end' fill='#c0392b'>budget ${Math.round(budget / kMB)} MB</text>\n`;
  const of = (what) => events.filter((event) => event.what === what);
  svg += `<text x='${kLeft - 8}' y='328' text-anchor='end'>loaded</text>${marks(of('loaded'), seconds, 318, '#2e8b57')}`;
  svg += `<text x='${kLeft - 8}' y='348' text-anchor='end'>left</text>${marks(of('left'), seconds, 338, '#d08020')}`;
  svg += `<text x='${kLeft}' y='386' font-size='14'>hearthd itself (RSS)</text>\n`;
  svg += line(samples, seconds, ({ ownRss }) => ownRss, daemon.at, '#7b4fa3');
  return `${svg}</svg>\n`;
}

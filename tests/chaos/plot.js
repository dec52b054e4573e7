// A picture of the table: for each kind of fault a dot a repeat, on a logarithmic scale of seconds.
const kLeft = 150;
const kTop = 58;
const kWidth = 560;
const kLine = 18;
const kFrom = 0.001; // seconds
const kTo = 300;
const kColours = { noticed: '#d1495b', recovered: '#00798c' };

const at = (ms) => kLeft + ((Math.log10(Math.min(kTo, Math.max(kFrom, ms / 1000))) - Math.log10(kFrom)) / (Math.log10(kTo) - Math.log10(kFrom))) * kWidth;
const dots = (list, y, colour) => list.map((ms) => `<circle cx='${at(ms).toFixed(1)}' cy='${y}' r='2.6' fill='${colour}' fill-opacity='.55'/>`).join('');
const label = (seconds) => (seconds < 1 ? `${seconds * 1000} ms` : `${seconds} s`);

export function draw(rows) {
  const bottom = kTop + rows.length * kLine;
  const grid = [0.001, 0.01, 0.1, 1, 10, 100].map((s) => `<path d='M${at(s * 1000).toFixed(1)} ${kTop - 6}V${bottom}' class='grid'/><text x='${at(s * 1000).toFixed(1)}' y='${bottom + 16}' text-anchor='middle'>${label(s)}</text>`);
  const wedge = `<path d='M${at(10_000).toFixed(1)} ${kTop - 6}V${bottom}' stroke='#888' stroke-dasharray='4 3'/>`;
  const lines = rows.map((row, i) => {
    const y = kTop + i * kLine + kLine / 2;
    return `<text x='${kLeft - 10}' y='${y + 4}' text-anchor='end'>${row.key}</text><path d='M${kLeft} ${y}h${kWidth}' class='grid'/>${dots(row.noticed, y - 3, kColours.noticed)}${dots(row.recovered, y + 3, kColours.recovered)}`;
  });
  const legend = Object.entries({ noticed: 'noticed', recovered: 'well again' }).map(([key, text], i) => `<circle cx='${kLeft + i * 90}' cy='40' r='4' fill='${kColours[key]}'/><text x='${kLeft + 9 + i * 90}' y='44'>${text}</text>`);
  return `<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 ${kLeft + kWidth + 30} ${bottom + 30}' width='${kLeft + kWidth + 30}' height='${bottom + 30}' role='img' font-family='DejaVu Sans, sans-serif' font-size='12' fill='#333'>
<title>Faults: noticed, and well again</title><style>.grid{stroke:#ddd;stroke-width:1}</style>
<rect width='100%' height='100%' fill='#fff'/>
<text x='${kLeft}' y='22' font-size='14'>From a fault until it is noticed, and until all is well again</text>
${legend.join('\n')}
${grid.join('\n')}
${wedge}
${lines.join('\n')}
</svg>
`;
}

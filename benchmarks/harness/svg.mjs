/** Plots, as SVG that needs nothing: bars with their spread, and lines. They are readable in light and in dark pages. */
const WIDTH = 760;
const LABELS = 300;
const ROW = 24;

/** Bars from 0; a thin line is where four fifths of the rounds lie. @param table of a result */
export function bars({ title, unit, rows }) {
  const most = Math.max(
    ...rows.map(({ median, high }) => Math.max(median, Math.min(high ?? median, 3 * median))),
    0,
  );
  const scale = (value) => (Math.max(0, Math.min(value, most)) / (most || 1)) * (WIDTH - LABELS - 70);
  const lines = rows.map(({ name, median, low, high }, index) => {
    const y = 44 + index * ROW;
    const fill = /^(mesh|ours|heddle|\+)/i.test(name) ? '#0a7d6b' : '#8a8fa0';
    const whisker =
      low === undefined
        ? ''
        : `<line x1="${LABELS + scale(low)}" x2="${LABELS + scale(high)}" y1="${y + 8}" y2="${y + 8}" stroke="#c2410c" stroke-width="1.5"/>`;
    return `${text(LABELS - 8, y + 12, name, 'end')}<rect x="${LABELS}" y="${y}" width="${Math.max(1, scale(median)).toFixed(1)}" height="16" rx="2" fill="${fill}"/>${whisker}${text(LABELS + scale(Math.max(median, high ?? 0)) + 8, y + 12, round(median))}`;
  });
  return page(44 + rows.length * ROW + 12, `${title} (${unit})`, lines);
}

/** @param points pairs of x and y */
export function line({ title, points }) {
  const height = 260;
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
  const [right, top] = [Math.max(...xs, 1), Math.max(...ys, 1) * 1.05];
  const at = ([x, y]) =>
    `${(60 + (x / right) * (WIDTH - 90)).toFixed(1)},${(height - 30 - (y / top) * (height - 80)).toFixed(1)}`;
  return page(height, title, [
    `<polyline points="${points.map(at).join(' ')}" fill="none" stroke="#0a7d6b" stroke-width="2"/>`,
    `<line x1="60" x2="${WIDTH - 30}" y1="${height - 30}" y2="${height - 30}" stroke="#8a8fa0"/>`,
    text(56, 54, round(top), 'end'),
    text(56, height - 26, '0', 'end'),
    text(WIDTH - 30, height - 10, `${round(right)} s`, 'end'),
  ]);
}

/** Several lines over one axis. @param lines `{ name, points }`, points are pairs of x and y */
export function curves({ title, unit, lines }) {
  const height = 300;
  const all = lines.flatMap(({ points }) => points);
  const right = Math.max(...all.map(([x]) => x), 1);
  const top = Math.max(...all.map(([, y]) => y), 1) * 1.05;
  const x = (value) => (60 + (value / right) * (WIDTH - 90)).toFixed(1);
  const y = (value) => (height - 34 - (value / top) * (height - 110)).toFixed(1);
  const drawn = lines.map(({ name, points }, index) => {
    const color = ['#0a7d6b', '#c2410c', '#8a8fa0'][index % 3];
    const dots = points.map(
      ([one, other]) => `<circle cx="${x(one)}" cy="${y(other)}" r="3" fill="${color}"/>`,
    );
    const path = points.map(([one, other]) => `${x(one)},${y(other)}`).join(' ');
    const key = `<rect x="${60 + index * 260}" y="36" width="18" height="4" fill="${color}"/>${text(84 + index * 260, 42, name)}`;
    return `<polyline points="${path}" fill="none" stroke="${color}" stroke-width="2"/>${dots.join('')}${key}`;
  });
  return page(height, title, [
    ...drawn,
    `<line x1="60" x2="${WIDTH - 30}" y1="${height - 34}" y2="${height - 34}" stroke="#8a8fa0"/>`,
    text(54, Number(y(top / 1.05)) + 4, round(top / 1.05), 'end'),
    text(54, height - 30, '0', 'end'),
    text(WIDTH - 30, height - 12, `${round(right)} ${unit}`, 'end'),
  ]);
}

function page(height, title, content) {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" font-family="system-ui, sans-serif" font-size="13" role="img" aria-labelledby="title"><title id="title">${escaped(title)}</title><style>text{fill:#4b5060}@media(prefers-color-scheme:dark){text{fill:#c4c8d4}}</style>${text(8, 22, title)}${content.join('')}</svg>\n`;
}

function text(x, y, words, anchor = 'start') {
  return `<text x="${x}" y="${y}" text-anchor="${anchor}">${escaped(String(words))}</text>`;
}

const escaped = (words) => words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

function round(value) {
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(Math.abs(value) >= 10 ? 1 : 2);
}

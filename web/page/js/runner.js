// The runner of runner.json, and ghosts of it in one color. The table says what its entries mean;
// qwop_native/render/runner.py draws the same from it.

const FULL_TURN = 2 * Math.PI;
let table;

/** Reads the table; to be awaited before anything is drawn. */
export async function loadRunner(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`The runner's drawing is missing: ${url} (${answer.status}).`);
  const read = await answer.json();
  for (const shape of read.shapes) {
    if (shape.path) shape.path = new Path2D(shape.path);
    if (shape.ellipse) shape.path = ellipse(shape.ellipse);
  }
  table = read;
}

function ellipse([x, y, rx, ry, angle]) {
  const path = new Path2D();
  path.ellipse(x, y, rx, ry, angle, 0, FULL_TURN);
  path.closePath();
  return path;
}

/** The colors of a ghost: shades of one "#rrggbb". */
export function ghostColors(color) {
  const parts = [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16));
  const paler = (share) => `rgb(${parts.map((part) => Math.round(part + (255 - part) * share))})`;
  const entries = Object.entries(table.colors);
  return Object.fromEntries(entries.map(([name, [, pale]]) => [name, paler(pale)]));
}

function mood({ landed, fallen, frames }) {
  if (landed) return "landed";
  if (fallen) return "fallen";
  const { every, frames: lasting } = table.blink;
  return frames % every >= every - lasting ? "blinking" : "running";
}

/** Draws the runner of a game's state in world units; colors by name, or its own. */
export function drawRunner(ctx, state, colors) {
  const color = (name) => colors?.[name] ?? table.colors[name][0];
  const now = mood(state);
  const blown = Math.min(1, Math.abs(state.bodies.head.vx) / table.wind.full_speed);
  const wave = table.wind.wave * Math.sin(state.frames * table.wind.wave_per_frame);
  ctx.save();
  ctx.lineJoin = ctx.lineCap = "round";
  for (const shape of table.shapes) {
    if (shape.moods && !shape.moods.includes(now)) continue;
    const { x, y, angle } = state.bodies[shape.part];
    ctx.save();
    ctx.translate(x, y);
    ctx.rotate(angle);
    paint(ctx, shape, shape.path ?? limb(shape, blown, wave), color);
    ctx.restore();
  }
  ctx.restore();
}

function paint(ctx, shape, path, color) {
  if (shape.fill) {
    ctx.fillStyle = color(shape.fill);
    ctx.fill(path);
  }
  if (shape.line === false) return;
  ctx.strokeStyle = color(shape.stroke ?? "ink");
  ctx.lineWidth = shape.width ?? table.line;
  ctx.stroke(path);
}

/** Two circles and what lies between them. */
function limb({ limb: [x0, y0, r0, x1, y1, r1], blown: [bx, by] = [0, 0] }, share, wave) {
  const x = x1 + share * bx, y = y1 + (bx || by ? share * (by + wave) : 0);
  const along = Math.atan2(y - y0, x - x0);
  const path = new Path2D();
  path.arc(x0, y0, r0, along + Math.PI / 2, along - Math.PI / 2);
  path.arc(x, y, r1, along - Math.PI / 2, along + Math.PI / 2);
  path.closePath();
  return path;
}

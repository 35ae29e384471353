// What is written over the picture: distance, clock, keys, and where everybody is.
import { FRAMES_PER_SECOND } from "./engine.js";
import { KEYS } from "./tape.js";

export const RECORD_FRAMES = 1366; // the human record, 45.53 s
export const METER = 10; // world units
export const GOAL = 100; // m
const INK = "#22303c";

export const meters = (state) => state.bodies.torso.x / METER;
export const secondsOf = (frames) => (frames / FRAMES_PER_SECOND).toFixed(2);
export const framesText = (frames) => `${frames} ${frames === 1 ? "frame" : "frames"}`;

/** Draws it for a view of drawScene, whose sight says what the picture shows. */
export function drawHud(ctx, width, height, view) {
  const { shown, keys, status, best, ghosts, sight } = view;
  // The size of a small letter.
  const u = Math.max(Math.min(width / 44, height / 26), 11 * (devicePixelRatio || 1));
  ctx.textBaseline = "alphabetic";
  if (view.started) {
    progress(ctx, width, u, view);
    text(ctx, u, `${shown.score.toFixed(1)} m`, u, u * 4.4, u * 2.2);
    text(ctx, u, `${secondsOf(shown.frames)} s`, width - u, u * 4.1, u * 1.7, "right");
    text(ctx, u, framesText(shown.frames), width - u, u * 5.5, u, "right");
    if (best !== undefined) text(ctx, u, `best ${best.toFixed(1)} m`, u, u * 5.8, u);
    if (status) text(ctx, u, status, width - u, u * 7.1, u * 1.05, "right", "#0d5a48");
  }
  ghosts.forEach((ghost, i) => label(ctx, width, u, ghost, { ...view, place: i, sight }));
  if (view.lamps) lamps(ctx, width, height, u, keys);
}

function text(ctx, u, words, x, y, size, align = "left", color = INK) {
  ctx.font = `${size > u ? "bold " : ""}${size}px system-ui, sans-serif`;
  ctx.textAlign = align;
  ctx.lineWidth = size * 0.16;
  ctx.strokeStyle = "#ffffffcc";
  ctx.lineJoin = "round";
  ctx.strokeText(words, x, y);
  ctx.fillStyle = color;
  ctx.fillText(words, x, y);
}

/** A ghost's name over its head, or at the picture's edge with how far away it is. */
function label(ctx, width, u, { state, name, color, started }, { state: own, sight, place }) {
  const { x, y } = state.bodies.head;
  const at = (x - sight.left) * sight.scale;
  if (at > 0 && at < width) {
    const words = started === false ? `${name} is thinking` : name;
    const over = Math.max((y - 2.4 - sight.top) * sight.scale, u * 7.4); // below the numbers
    text(ctx, u, words, at, over, u * 1.05, "center", color);
    return;
  }
  const gap = Math.abs(meters(state) - meters(own)).toFixed(1);
  const row = u * (8.6 + 1.5 * place);
  if (at <= 0) text(ctx, u, `◀ ${name} ${gap} m`, u, row, u * 1.1, "left", color);
  else text(ctx, u, `${name} ${gap} m ▶`, width - u, row, u * 1.1, "right", color);
}

function progress(ctx, width, u, { state, shown, ghosts }) {
  const at = (far) => u + (width - 2 * u) * Math.max(0, Math.min(1, far / GOAL));
  ctx.fillStyle = "#ffffffaa";
  ctx.beginPath();
  ctx.roundRect(u, u * 0.9, width - 2 * u, u * 0.5, u * 0.25);
  ctx.fill();
  ctx.fillStyle = "#17688f";
  ctx.beginPath();
  ctx.roundRect(u, u * 0.9, at(meters(state)) - u, u * 0.5, u * 0.25);
  ctx.fill();
  ctx.fillStyle = "#2f4858";
  ctx.fillRect(at(50) - 1, u * 0.6, 2, u * 1.1);
  const dot = (far, color, size) => {
    ctx.fillStyle = color;
    ctx.beginPath();
    ctx.arc(at(far), u * 1.15, size, 0, 2 * Math.PI);
    ctx.fill();
  };
  dot((shown.frames / RECORD_FRAMES) * GOAL, "#8a4fbf", u * 0.34);
  for (const ghost of ghosts) dot(meters(ghost.state), ghost.color, u * 0.42);
  dot(meters(state), "#f2673a", u * 0.5);
}

function lamps(ctx, width, height, u, keys) {
  const size = u * 1.6, gap = u * 0.35, y = height - size - u * 0.3;
  let x = width / 2 - (4 * size + 3 * gap) / 2;
  for (const [name, mask] of Object.entries(KEYS)) {
    const on = (keys & mask) !== 0;
    ctx.fillStyle = on ? "#ffb703" : "#ffffff99";
    ctx.beginPath();
    ctx.roundRect(x, y, size, size, u * 0.35);
    ctx.fill();
    ctx.fillStyle = on ? INK : "#43515c";
    ctx.font = `bold ${u * 1.05}px system-ui, sans-serif`;
    ctx.textAlign = "center";
    ctx.textBaseline = "middle";
    ctx.fillText(name, x + size / 2, y + size / 2);
    x += size + gap;
  }
}

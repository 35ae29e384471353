// The picture of a game: sky, track, hurdle, sand and runners.
import { GOAL, METER, RECORD_FRAMES, drawHud } from "./hud.js";
import { drawRunner, ghostColors } from "./runner.js";

const GROUND = 9.14275; // top of the track, world units
const BELOW = 2.1, BELOW_SHARE = 0.13; // what is shown below the track's top: least units, share
const LEAST_WIDTH = 25, LEAST_HEIGHT = 22.5; // world units that are always in sight
const RUNNER_AT = 0.42; // of the width
const HURDLE = [[1.675, 0.3], [0.5375, 3.65]]; // half sizes of base and top
const BLOCK = { x: -39.99625, y: 2.10625, halfWidth: 6.275, halfHeight: 7.475 };

/**
 * Draws a moment. view: state, what is seen; shown, the state that counts: it stops where a run
 * ends; keys; lamps, whether they are shown; ghosts: [{state, name, color}]; status, a line; best,
 * meters; started; calm, for those who asked for less motion.
 */
export function drawScene(canvas, view) {
  const ctx = canvas.getContext("2d");
  const { width, height } = canvas;
  const scale = Math.min(width / LEAST_WIDTH, height / LEAST_HEIGHT);
  const left = view.state.bodies.torso.x - (width / scale) * RUNNER_AT;
  const bottom = GROUND + Math.max(BELOW, (BELOW_SHARE * height) / scale);
  const sight = { left, right: left + width / scale, top: bottom - height / scale, bottom, scale };
  ctx.setTransform(1, 0, 0, 1, 0, 0);
  sky(ctx, width, height, view.calm ? { ...sight, left: 0, right: width / scale } : sight);
  ctx.setTransform(scale, 0, 0, scale, -left * scale, -sight.top * scale);
  track(ctx, sight);
  marks(ctx, sight);
  hurdle(ctx, view.state.hurdle);
  if (view.started) paceLine(ctx, sight, view.shown.frames);
  for (const ghost of view.ghosts) {
    shadow(ctx, ghost.state.bodies);
    drawRunner(ctx, ghost.state, ghostColors(ghost.color));
  }
  shadow(ctx, view.state.bodies);
  drawRunner(ctx, view.state);
  ctx.setTransform(1, 0, 0, 1, 0, 0);
  drawHud(ctx, width, height, { ...view, sight });
}

function sky(ctx, width, height, sight) {
  const colors = ctx.createLinearGradient(0, 0, 0, height);
  colors.addColorStop(0, "#8ec5e6");
  colors.addColorStop(0.62, "#d8ecf3");
  colors.addColorStop(0.88, "#fbeed8");
  ctx.fillStyle = colors;
  ctx.fillRect(0, 0, width, height);
  const ground = (GROUND - sight.top) * sight.scale;
  ctx.fillStyle = "#fff6dcbb";
  ctx.beginPath();
  ctx.arc(width * 0.8, height * 0.27, height * 0.085, 0, 2 * Math.PI);
  ctx.fill();
  hills(ctx, width, ground, sight, { share: 0.06, high: 7.2, color: "#b7d3cf", wave: 0.11 });
  hills(ctx, width, ground, sight, { share: 0.16, high: 4.4, color: "#97bfa8", wave: 0.19 });
  trees(ctx, ground, sight);
}

function hills(ctx, width, ground, sight, { share, high, color, wave }) {
  ctx.fillStyle = color;
  ctx.beginPath();
  ctx.moveTo(0, ground);
  for (let x = 0; x <= width + 8; x += 8) {
    const at = (x / sight.scale + sight.left * share) * wave;
    const rise = 0.55 + 0.28 * Math.sin(at) + 0.17 * Math.sin(2.3 * at + 1);
    ctx.lineTo(x, ground - rise * high * sight.scale);
  }
  ctx.lineTo(width + 8, ground);
  ctx.fill();
}

function trees(ctx, ground, sight) {
  const share = 0.42, step = 7.3;
  const from = sight.left * share, until = from + sight.right - sight.left;
  for (let i = Math.floor(from / step) - 1; i <= until / step + 1; ++i) {
    const spread = Math.abs(Math.sin(i * 12.9898) * 43758.5453) % 1;
    const x = (i * step + spread * 4 - from) * sight.scale;
    const size = (1.1 + spread) * sight.scale;
    ctx.fillStyle = "#6d5a45";
    ctx.fillRect(x - size * 0.09, ground - size * 1.4, size * 0.18, size * 1.4);
    ctx.fillStyle = spread > 0.5 ? "#5f9a76" : "#6faa80";
    ctx.beginPath();
    for (const [aside, up, radius] of [[0, 1.75, 0.72], [-0.5, 1.3, 0.5], [0.5, 1.3, 0.5]]) {
      ctx.moveTo(x + aside * size, ground - up * size);
      ctx.arc(x + aside * size, ground - up * size, size * radius, 0, 2 * Math.PI);
    }
    ctx.fill();
  }
}

function track(ctx, sight) {
  const box = (from, until, top, bottom, color) => {
    ctx.fillStyle = color;
    const a = Math.max(from, sight.left - 1), b = Math.min(until, sight.right + 1);
    if (b > a) ctx.fillRect(a, top, b - a, bottom - top);
  };
  const sand = GOAL * METER;
  box(-Infinity, Infinity, GROUND - 0.35, GROUND, "#7bb274");
  box(-Infinity, sand, GROUND, sight.bottom, "#c8553d");
  box(-Infinity, sand, GROUND, GROUND + 0.16, "#dd7a5f");
  for (const lane of [1, 3]) box(-Infinity, sand, GROUND + lane, GROUND + lane + 0.12, "#f4ddd0");
  box(sand, Infinity, GROUND - 0.1, sight.bottom, "#ecd08f");
  for (let x = Math.max(sand, Math.floor(sight.left)); x < sight.right; x += 1) {
    const spread = Math.abs(Math.sin(x * 7.77) * 1000) % 1;
    ctx.fillStyle = "#d3b36c";
    ctx.fillRect(x + spread, GROUND + 0.25 + spread * 1.4, 0.22, 0.1);
  }
  box(sand - 1, sand, GROUND, GROUND + 0.4, "#fdfdf8");
  wall(ctx, sight);
}

function wall(ctx, sight) {
  const { x, y, halfWidth, halfHeight } = BLOCK;
  if (x + halfWidth < sight.left) return;
  ctx.fillStyle = "#8d99a6";
  ctx.fillRect(x - halfWidth - 40, y - halfHeight, 2 * halfWidth + 40, 2 * halfHeight);
  ctx.fillStyle = "#fdfdf8";
  ctx.font = "bold 2.4px system-ui, sans-serif";
  ctx.textAlign = "center";
  ctx.fillText("this way →", x, y);
}

function marks(ctx, sight) {
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  for (let m = Math.floor(sight.left / METER); m <= sight.right / METER + 1; ++m) {
    const x = m * METER;
    ctx.fillStyle = "#fdfdf8";
    if (m < GOAL) ctx.fillRect(x - 0.06, GROUND, 0.12, m % 5 ? 0.5 : 1);
    if (m % 5 || m < -5 || m > GOAL) continue;
    const big = m % 10 === 0;
    ctx.fillStyle = "#5c5470";
    ctx.fillRect(x - 0.09, GROUND - 2.6, 0.18, 2.6);
    ctx.fillStyle = m === GOAL ? "#e4572e" : big ? "#2f4858" : "#6b7f8c";
    ctx.beginPath();
    ctx.roundRect(x - 1.7, GROUND - 4.3, 3.4, 1.8, 0.3);
    ctx.fill();
    ctx.fillStyle = "#ffffff";
    ctx.font = "bold 1.05px system-ui, sans-serif";
    ctx.fillText(`${m} m`, x, GROUND - 3.37);
  }
}

function hurdle(ctx, pieces) {
  pieces.forEach(({ x, y, angle }, i) => {
    const [halfWidth, halfHeight] = HURDLE[i];
    ctx.save();
    ctx.translate(x, y);
    ctx.rotate(angle);
    ctx.fillStyle = i ? "#fdfdf8" : "#2f4858";
    ctx.fillRect(-halfWidth, -halfHeight, 2 * halfWidth, 2 * halfHeight);
    if (i) {
      ctx.fillStyle = "#e4572e";
      for (const at of [-halfHeight, -0.6, 1.6]) ctx.fillRect(-halfWidth, at, 2 * halfWidth, 1.1);
    }
    ctx.lineWidth = 0.09;
    ctx.strokeStyle = "#2b2436";
    ctx.strokeRect(-halfWidth, -halfHeight, 2 * halfWidth, 2 * halfHeight);
    ctx.restore();
  });
}

/** Where somebody would be who ran at the record's mean speed all the way. */
function paceLine(ctx, sight, frames) {
  const x = Math.min(frames / RECORD_FRAMES, 1) * GOAL * METER;
  if (x < sight.left || x > sight.right) return;
  ctx.strokeStyle = "#8a4fbf";
  ctx.lineWidth = 0.14;
  ctx.setLineDash([0.5, 0.4]);
  ctx.beginPath();
  ctx.moveTo(x, GROUND);
  ctx.lineTo(x, GROUND - 13);
  ctx.stroke();
  ctx.setLineDash([]);
  ctx.fillStyle = "#8a4fbf";
  ctx.font = "bold 0.85px system-ui, sans-serif";
  ctx.textAlign = "left";
  ctx.fillText("record pace", x + 0.3, GROUND - 12.6);
}

function shadow(ctx, bodies) {
  const { x, y } = bodies.torso;
  const high = Math.min(1, Math.max(0, (GROUND - y) / 14));
  ctx.fillStyle = `rgba(40, 20, 30, ${0.28 - 0.16 * high})`;
  ctx.beginPath();
  ctx.ellipse(x, GROUND + 0.28, 3.6 - high, 0.26, 0, 0, 2 * Math.PI);
  ctx.fill();
}

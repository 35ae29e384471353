// The runner: twelve boxes of the engine, dressed. Every part is drawn in its own coordinates, in
// world units, between the joints it hangs on.

// Ends of a limb (towards the body, away from it) and its half widths there.
const LIMBS = {
  Arm: { left: [-1.06, 0.17, 1.6, -0.15], right: [1.2, 0.01, -1.38, 0.01], widths: [0.62, 0.46] },
  Forearm: { left: [-1.26, 0.16, 1.35, 0], right: [1.79, -0.09, -1.7, 0], widths: [0.46, 0.34] },
  Thigh: { left: [1.51, 0.1, -2.04, -0.07], right: [-2.1, 0.19, 2.1, 0.29], widths: [0.98, 0.62] },
  Calf: { left: [2.0, 0.3, -2.43, 0.14], right: [1.95, 0.23, -2.26, 0.08], widths: [0.64, 0.36] },
};
const NEAR = { skin: "#e6a678", cloth: "#e4572e", shirt: "#17688f", shoe: "#fbfbf5", trim: "#e4572e" };
const FAR = { skin: "#bd8059", cloth: "#b8421f", shirt: "#104c69", shoe: "#cfd3cc", trim: "#b8421f" };
const LINE = "#2b2436";

/** Draws the runner. mood: "running", "fallen" or "landed". */
export function drawRunner(ctx, bodies, mood, frame) {
  const side = (name, colors) => {
    limb(ctx, bodies, name, "Arm", colors);
    limb(ctx, bodies, name, "Forearm", colors);
  };
  const leg = (name, colors) => {
    inBody(ctx, bodies[`${name}Foot`], () => shoe(ctx, colors));
    limb(ctx, bodies, name, "Calf", colors);
    limb(ctx, bodies, name, "Thigh", colors);
  };
  ctx.lineJoin = "round";
  side("left", FAR);
  leg("left", FAR);
  inBody(ctx, bodies.torso, () => neck(ctx));
  inBody(ctx, bodies.head, () => head(ctx, mood, frame));
  inBody(ctx, bodies.torso, () => torso(ctx));
  leg("right", NEAR);
  side("right", NEAR);
}

function inBody(ctx, { x, y, angle }, draw) {
  ctx.save();
  ctx.translate(x, y);
  ctx.rotate(angle);
  draw();
  ctx.restore();
}

function limb(ctx, bodies, side, kind, colors) {
  inBody(ctx, bodies[side + kind], () => {
    const [x0, y0, x1, y1] = LIMBS[kind][side];
    const [w0, w1] = LIMBS[kind].widths;
    const until = (t) => [x0, y0, w0, x0 + (x1 - x0) * t, y0 + (y1 - y0) * t, w0 + (w1 - w0) * t];
    capsule(ctx, until(1), colors.skin);
    if (kind === "Thigh") capsule(ctx, until(0.52), colors.cloth, 0.1);
    if (kind === "Arm") capsule(ctx, until(0.34), colors.shirt, 0.06);
    if (kind === "Calf") sock(ctx, until(0.78), x1, y1, w1);
    if (kind === "Forearm") fill(ctx, colors.skin, () => ctx.arc(x1, y1, 0.42, 0, 2 * Math.PI));
  });
}

/** A limb with round ends of different width. */
function capsule(ctx, [x0, y0, w0, x1, y1, w1], color, wider = 0) {
  const along = Math.atan2(y1 - y0, x1 - x0);
  fill(ctx, color, () => {
    ctx.arc(x0, y0, w0 + wider, along + Math.PI / 2, along - Math.PI / 2);
    ctx.arc(x1, y1, w1 + wider, along - Math.PI / 2, along + Math.PI / 2);
    ctx.closePath();
  });
}

function sock(ctx, [, , , x, y, w], x1, y1, w1) {
  capsule(ctx, [x, y, w, x1, y1, w1], "#f4f1e8", 0.03);
}

function fill(ctx, color, path) {
  ctx.beginPath();
  path();
  ctx.fillStyle = color;
  ctx.fill();
  ctx.strokeStyle = LINE;
  ctx.lineWidth = 0.09;
  ctx.stroke();
}

function shoe(ctx, colors) {
  fill(ctx, colors.shoe, () => {
    ctx.moveTo(-1.3, 0.62);
    ctx.quadraticCurveTo(-1.55, -0.45, -1.0, -0.62);
    ctx.lineTo(-0.25, -0.62);
    ctx.quadraticCurveTo(0.25, -0.2, 1.0, -0.02);
    ctx.quadraticCurveTo(1.55, 0.12, 1.4, 0.62);
    ctx.closePath();
  });
  fill(ctx, colors.trim, () => ctx.rect(-1.33, 0.48, 2.75, 0.2));
  ctx.lineWidth = 0.14;
  ctx.strokeStyle = colors.trim;
  ctx.beginPath();
  ctx.moveTo(-0.75, 0.3);
  ctx.quadraticCurveTo(0.1, 0.32, 0.45, -0.1);
  ctx.stroke();
}

/** +x is up the spine here, +y is where the runner looks. */
function torso(ctx) {
  fill(ctx, NEAR.cloth, () => {
    ctx.moveTo(-1.1, -1.12);
    ctx.quadraticCurveTo(-2.9, -1.35, -3.0, -0.5);
    ctx.lineTo(-2.95, 0.6);
    ctx.quadraticCurveTo(-2.6, 1.2, -1.1, 1.1);
    ctx.closePath();
  });
  fill(ctx, NEAR.shirt, () => {
    ctx.moveTo(-1.75, -1.12);
    ctx.quadraticCurveTo(0.2, -1.22, 1.9, -1.42);
    ctx.quadraticCurveTo(3.0, -1.25, 3.0, -0.35);
    ctx.quadraticCurveTo(2.45, 0.1, 2.85, 0.72);
    ctx.quadraticCurveTo(2.1, 1.5, 0.9, 1.38);
    ctx.quadraticCurveTo(-0.6, 1.22, -1.75, 1.1);
    ctx.closePath();
  });
  ctx.save();
  ctx.rotate(Math.PI / 2);
  ctx.fillStyle = "#fdfdf8";
  ctx.beginPath();
  ctx.roundRect(-0.62, -1.15, 1.5, 1.45, 0.15);
  ctx.fill();
  ctx.fillStyle = LINE;
  ctx.font = "bold 1.15px system-ui, sans-serif";
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  ctx.fillText("30", 0.13, -0.38);
  ctx.restore();
}

function neck(ctx) {
  capsule(ctx, [2.1, 0.1, 0.62, 3.6, 0.25, 0.52], FAR.skin);
}

function head(ctx, mood, frame) {
  bandTails(ctx, frame);
  fill(ctx, NEAR.skin, () => {
    ctx.moveTo(0.55, -1.3);
    ctx.bezierCurveTo(1.25, -1.05, 1.08, -0.35, 1.12, -0.15);
    ctx.quadraticCurveTo(1.62, 0.22, 1.12, 0.34); // nose
    ctx.bezierCurveTo(1.18, 0.9, 1.05, 1.42, 0.45, 1.42);
    ctx.bezierCurveTo(-0.55, 1.42, -1.25, 0.8, -1.25, -0.2);
    ctx.bezierCurveTo(-1.25, -1.3, -0.35, -1.6, 0.55, -1.3);
    ctx.closePath();
  });
  hair(ctx);
  ctx.fillStyle = "#d9765f55";
  ctx.beginPath();
  ctx.ellipse(0.45, 0.5, 0.3, 0.2, 0, 0, 2 * Math.PI);
  ctx.fill();
  fill(ctx, NEAR.skin, () => ctx.ellipse(-0.38, 0.12, 0.24, 0.34, -0.15, 0, 2 * Math.PI));
  eye(ctx, mood, frame);
  mouth(ctx, mood);
}

function hair(ctx) {
  fill(ctx, "#4a2c20", () => {
    ctx.moveTo(0.85, -1.15);
    ctx.bezierCurveTo(0.9, -1.75, 0.2, -1.75, 0.15, -1.6);
    ctx.bezierCurveTo(-0.2, -1.95, -0.9, -1.7, -0.9, -1.35);
    ctx.bezierCurveTo(-1.5, -1.2, -1.6, -0.2, -1.2, 0.35);
    ctx.quadraticCurveTo(-0.75, 0.5, -0.62, 0.05);
    ctx.quadraticCurveTo(-0.55, -0.55, -0.2, -0.75);
    ctx.quadraticCurveTo(0.5, -0.8, 0.85, -1.15);
    ctx.closePath();
  });
  fill(ctx, "#e4572e", () => {
    ctx.moveTo(-1.28, -0.72);
    ctx.quadraticCurveTo(-0.1, -1.12, 1.1, -0.92);
    ctx.lineTo(1.1, -0.58);
    ctx.quadraticCurveTo(-0.1, -0.76, -1.3, -0.36);
    ctx.closePath();
  });
}

function bandTails(ctx, frame) {
  const wave = Math.sin(frame / 3) * 0.18;
  fill(ctx, "#b8421f", () => {
    ctx.moveTo(-1.15, -0.6);
    ctx.quadraticCurveTo(-1.8, -0.7 + wave, -2.35, -0.3 - wave);
    ctx.lineTo(-2.2, 0.05 - wave);
    ctx.quadraticCurveTo(-1.7, -0.25 + wave, -1.15, -0.4);
    ctx.closePath();
  });
}

function eye(ctx, mood, frame) {
  ctx.strokeStyle = LINE;
  ctx.lineWidth = 0.13;
  ctx.lineCap = "round";
  ctx.beginPath();
  if (mood === "fallen") { // a cross
    ctx.moveTo(0.42, -0.28), ctx.lineTo(0.82, 0.12);
    ctx.moveTo(0.82, -0.28), ctx.lineTo(0.42, 0.12);
    ctx.stroke();
    return;
  }
  if (mood === "landed" || frame % 110 > 105) { // laughing, or a blink
    ctx.arc(0.64, 0.05, 0.24, Math.PI, 2 * Math.PI);
    ctx.stroke();
  } else {
    fill(ctx, "#ffffff", () => ctx.ellipse(0.62, -0.05, 0.27, 0.33, 0, 0, 2 * Math.PI));
    ctx.fillStyle = LINE;
    ctx.beginPath();
    ctx.ellipse(0.71, -0.03, 0.13, 0.17, 0, 0, 2 * Math.PI);
    ctx.fill();
    ctx.fillStyle = "#ffffff";
    ctx.beginPath();
    ctx.arc(0.75, -0.1, 0.05, 0, 2 * Math.PI);
    ctx.fill();
  }
  ctx.beginPath();
  ctx.moveTo(0.36, -0.5), ctx.quadraticCurveTo(0.65, -0.62, 0.92, -0.42);
  ctx.stroke();
}

function mouth(ctx, mood) {
  if (mood === "fallen") {
    fill(ctx, "#7a2b2b", () => ctx.ellipse(0.78, 0.92, 0.17, 0.22, 0, 0, 2 * Math.PI));
    return;
  }
  const open = mood === "landed" ? 0.42 : 0.2;
  fill(ctx, mood === "landed" ? "#7a2b2b" : "#ffffff", () => {
    ctx.moveTo(0.4, 0.78);
    ctx.quadraticCurveTo(0.8, 0.88, 1.08, 0.72);
    ctx.quadraticCurveTo(0.95, 0.95 + open, 0.62, 0.88 + open);
    ctx.quadraticCurveTo(0.45, 0.9, 0.4, 0.78);
    ctx.closePath();
  });
}

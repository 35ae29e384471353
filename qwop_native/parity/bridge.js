// Runs in the page before the game's script. Takes hold of the game object, stops the engine's own
// clock once the runner stands there, and from then on makes exactly the updates it is told to.
// The game's script stays as it is.
(() => {
  "use strict";

  const PARTS = [
    "torso", "head", "leftArm", "leftCalf", "leftFoot", "leftForearm", "leftThigh",
    "rightArm", "rightCalf", "rightFoot", "rightForearm", "rightThigh",
  ];
  const HURDLE = ["hurdleBase", "hurdleTop"];
  const KEYS = ["Q", "W", "O", "P"];
  const COLUMNS = (PARTS.length + HURDLE.length) * 6 + 4;
  const FRAME = 1 / 30; // seconds on the game's clock per update

  let game = null;

  // The game assigns firstClick in its set-up, so this setter sees the game object. It removes
  // itself at once: afterwards firstClick is an ordinary property.
  Object.defineProperty(Object.prototype, "firstClick", {
    configurable: true,
    set(value) {
      delete Object.prototype.firstClick;
      this.firstClick = value;
      game = this;
    },
  });

  const ready = () => game !== null && game.doneLoading && game.rightAnkle != null;

  // The engine asks for each next frame. Once the game is ready its requests are dropped, so that
  // not one update is made that was not asked for.
  const requestFrame = window.requestAnimationFrame.bind(window);
  window.requestAnimationFrame = (callback) =>
    requestFrame((time) => {
      if (!ready()) callback(time);
    });

  const body = (name) => game[name]._components.get("physicsBody", false).body;

  const writeBody = (row, at, name) => {
    const it = body(name);
    const position = it.getPosition();
    const velocity = it.getLinearVelocity();
    row[at] = position.x;
    row[at + 1] = position.y;
    row[at + 2] = it.getAngle();
    row[at + 3] = velocity.x;
    row[at + 4] = velocity.y;
    row[at + 5] = it.m_angularVelocity;
    return at + 6;
  };

  const readRow = () => {
    const row = new Float64Array(COLUMNS);
    let at = 0;
    for (const name of [...PARTS, ...HURDLE]) at = writeBody(row, at, name);
    row[at] = body("head").m_torque;
    row[at + 1] = game.score;
    row[at + 2] = game.scoreTime;
    row[at + 3] =
      (game.fallen ? 1 : 0) | (game.jumped ? 2 : 0) |
      (game.jumpLanded ? 4 : 0) | (game.gameEnded ? 8 : 0);
    return row;
  };

  const setKeys = (mask) => {
    KEYS.forEach((key, bit) => ((mask >> bit) & 1 ? game.oninputdown(key) : game.oninputup(key)));
  };

  // Each command: [name, arguments...]; those that record append rows.
  const commands = {
    idle: (rows, count) => {
      for (let i = 0; i < count; i++) game.update(FRAME);
    },
    click: (rows) => {
      game.onmousedown({ pos: { x: 320, y: 200 } }); // the middle, away from every button
      rows.push(readRow());
    },
    reset: (rows) => {
      game.reset();
      rows.push(readRow());
    },
    keys: (rows, count, mask) => {
      setKeys(mask);
      for (let i = 0; i < count; i++) {
        game.update(FRAME);
        rows.push(readRow());
      }
    },
    release: () => setKeys(0),
    // One update that adds another time to the game's clock.
    tick: (rows, seconds) => {
      game.update(seconds);
      rows.push(readRow());
    },
  };

  const toBase64 = (bytes) => {
    let text = "";
    for (let at = 0; at < bytes.length; at += 0x8000) {
      text += String.fromCharCode.apply(null, bytes.subarray(at, at + 0x8000));
    }
    return btoa(text);
  };

  const drawNow = () => {
    const host = game.app.app.host;
    host.emitter.emit(4); // the engine's "draw now"
    host.on_internal_render();
  };

  window.qwopParity = {
    ready,
    untouched: () => Object.is(body("head").m_torque, 0) && !game.firstClick,
    run: (program) => {
      const rows = [];
      for (const [name, ...args] of program) commands[name](rows, ...args);
      const all = new Float64Array(rows.length * COLUMNS);
      rows.forEach((row, index) => all.set(row, index * COLUMNS));
      return toBase64(new Uint8Array(all.buffer));
    },
    show: () => drawNow(),
    // Draws the current state and reads the picture before the browser may discard it.
    draw: () => {
      drawNow();
      const camera = game.world_camera.get_pos();
      const canvas = document.querySelector("canvas");
      return { url: canvas.toDataURL("image/png"), cameraX: camera.x, cameraY: camera.y };
    },
  };
})();

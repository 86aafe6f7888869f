(() => {
  const here = document.currentScript || document.getElementById(ID);
  const figure = here && here.closest("figure");
  if (!figure) return;
  const { title, sides, steps, tables, names, playing } = MOMENTS;
  const INK = "#262626", BLUE = "#0072b2", RED = "#b34f00";
  const last = steps.length - 1;
  const make = (name, set, style) => {
    const element = Object.assign(document.createElement(name), set);
    element.style.cssText = style || "";
    return element;
  };
  const plain = (text) => text.replace(/[&<>"']/g, (sign) => "&#" + sign.charCodeAt(0) + ";");
  const number = (value) => {
    if (value === null) return "–";
    const size = Math.abs(value);
    const text = size === 0 ? "0" : size < 1e-3 || size >= 1e6 ? value.toExponential(2)
      : size >= 100 ? value.toFixed(0) : value.toPrecision(3);
    return text.replace(/-/g, "−");
  };

  // Its ground and ink are its own: they read the same on a light page and on a dark one.
  const box = make("div", { className: "gan-course-stepper", tabIndex: 0 },
    "box-sizing:border-box;max-width:980px;padding:.6em;border:1px solid #8a8a8a;border-radius:4px;background:#fff;color:" +
    INK + ";color-scheme:light;font:13px/1.45 sans-serif");
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", title + ". Stepper: space plays and pauses, arrow keys step");
  // Lab takes keys for its own, unless the element that has the focus tells it not to.
  box.setAttribute("data-lm-suppress-shortcuts", "true");
  const style = make("style", { textContent:
    ".gan-course-stepper:focus-visible,.gan-course-stepper :focus-visible" +
    "{outline:3px solid " + BLUE + "!important;outline-offset:1px;box-shadow:0 0 0 5px #fff}" +
    ".gan-course-stepper button,.gan-course-stepper select,.gan-course-stepper input[type=number]" +
    "{font:inherit;color:" + INK + ";background:#f2f2f2;border:1px solid #6e6e6e;border-radius:3px;min-height:28px;padding:0 .6em}" +
    ".gan-course-stepper button{min-width:34px;cursor:pointer}" +
    ".gan-course-stepper button[aria-disabled=true]{color:#6e6e6e;background:#fff;cursor:default}" +
    // A number's own arrows go one step on, which may be no moment; the keys go to the next moment.
    ".gan-course-stepper input[type=number]{-moz-appearance:textfield;appearance:textfield}" +
    ".gan-course-stepper ::-webkit-inner-spin-button{-webkit-appearance:none;margin:0}" +
    // A notebook has rules of its own for tables in its outputs, with grounds of its theme, that are more specific.
    ".gan-course-stepper :is(table,thead,tbody,tr,th,td){background:none!important;color:inherit!important;border:0!important}" +
    ".gan-course-stepper table{border-collapse:collapse;margin:0!important;font:inherit!important}" +
    ".gan-course-stepper :is(th,td){padding:.1em .7em .1em 0!important;text-align:left!important;font-weight:normal;font-variant-numeric:tabular-nums}" +
    ".gan-course-stepper thead th{font-weight:bold}" +
    ".gan-course-stepper .math{font-family:serif;font-size:15px}" +
    ".gan-course-stepper sub,.gan-course-stepper sup{font-size:.75em;line-height:0}" });

  // The pictures, side by side.
  const row = make("div", {}, "display:flex;flex-wrap:wrap;gap:.8em");
  const canvases = sides.map((side) => {
    const part = make("div", {}, "flex:0 1 " + side.shown + "px;min-width:0" + (sides.length > 1 ? ";max-width:calc(50% - .4em)" : ""));
    if (sides.length > 1) part.append(make("div", { textContent: side.name }, "font-weight:bold"));
    const canvas = make("canvas", { width: side.width, height: side.height },
      "display:block;width:100%;height:auto;background:#fff" + (side.ground ? "" : ";image-rendering:pixelated"));
    canvas.setAttribute("role", "img");
    part.append(canvas);
    row.append(part);
    return canvas;
  });
  const kept = new Map();
  const load = (source) => {
    if (!kept.has(source)) {
      const image = new Image();
      image.src = source;
      kept.set(source, image.decode().then(() => image));
    }
    return kept.get(source);
  };

  // The controls.
  const controls = make("div", {}, "display:flex;flex-wrap:wrap;align-items:center;gap:.35em .5em;margin:.6em 0 .3em");
  const button = (text, name, act) => {
    const made = make("button", { type: "button", textContent: text, title: name });
    made.setAttribute("aria-label", name);
    made.addEventListener("click", act);
    controls.append(made);
    return made;
  };
  const first = button("|◀◀", "first", () => jump(0));
  const back = button("◀|", "step back", () => jump(at - 1));
  const play = button("▶ play", "play", () => (timer ? pause() : start()));
  const forward = button("|▶", "step forward", () => jump(at + 1));
  const end = button("▶▶|", "last", () => jump(last));
  const range = make("input", { type: "range", min: 0, max: last, step: 1, value: 0 },
    "flex:1 1 10em;min-width:7em;height:28px;margin:0;cursor:pointer;accent-color:" + BLUE);
  range.setAttribute("aria-label", "moment");
  range.addEventListener("input", () => jump(Number(range.value)));
  const named = (text, element) => {
    const label = make("label", {}, "display:inline-flex;align-items:center;gap:.35em");
    label.append(make("span", { textContent: text }), element);
    return label;
  };
  const field = make("input", { type: "number", min: steps[0], max: steps[last], value: steps[0] }, "width:5.5em");
  field.addEventListener("change", () => {
    if (field.value === "") {
      field.value = steps[at];
      return;
    }
    // The moment nearest to the step that was asked for.
    const wanted = Number(field.value);
    jump(steps.reduce((best, step, i) => (Math.abs(step - wanted) < Math.abs(steps[best] - wanted) ? i : best), 0));
  });
  const speed = make("select", {});
  const SPEEDS = [0.5, 1, 2, 5, 10, 20];
  SPEEDS.forEach((rate) => speed.append(make("option", { value: rate, textContent: rate + " a second" })));
  speed.value = "5";
  speed.addEventListener("change", () => { if (timer) { pause(); start(); } });
  controls.append(range, named("step", field), named("speed", speed));
  const keys = make("div", { textContent:
    "Keys: space plays and pauses, ← → step, Home End first and last, − + slower and faster." }, "color:#595959");
  const status = make("div", {}, "font-weight:bold;margin:.3em 0");
  status.setAttribute("role", "status");
  status.setAttribute("aria-live", "polite");

  // Equations, numbers, and the curve of one of them.
  const alone = sides.length === 1;
  // Of one run they stand beside the picture, of two below.
  const words = make("div", {}, "display:flex;flex-wrap:wrap;gap:.6em 1.6em;align-items:flex-start" +
    (alone ? ";flex:1 1 300px;min-width:0;align-content:flex-start" : ""));
  const equations = make("div", { className: "equations" },
    alone ? "flex:1 1 22em;min-width:0" : "flex:1 1 100%;display:flex;flex-wrap:wrap;gap:0 1.6em");
  const told = make("div", { className: "numbers" }, "flex:0 1 auto");
  const curve = make("div", { className: "curve" }, "flex:1 1 26em;max-width:460px");
  const column = make("select", {});
  names.forEach((name, i) => column.append(make("option", { value: i, textContent: name })));
  const plot = make("div", {}, "");
  curve.append(named("curve of", column), plot);
  column.addEventListener("change", () => draw());
  words.append(equations, told, curve);

  const WIDTH = 440, HEIGHT = 150, LEFT = 62, RIGHT = 432, TOP = 26, BOTTOM = 124;
  const drawCurve = () => {
    const which = Number(column.value);
    const of = (side) => side.numbers.map((numbers) => numbers[which]);
    const all = sides.flatMap(of).filter((value) => value !== null);
    const some = all.length > 0;
    const low = some ? Math.min(...all) : null, high = some ? Math.max(...all) : null;
    const span = high - low || Math.abs(high) || 1;
    const x = (i) => LEFT + ((steps[i] - steps[0]) / (steps[last] - steps[0] || 1)) * (RIGHT - LEFT);
    const y = (value) => BOTTOM - ((value - low) / span) * (BOTTOM - TOP);
    const text = (content, x, y, anchor) =>
      `<text x="${x}" y="${y}" font-size="11" fill="${INK}" text-anchor="${anchor}">${plain(content)}</text>`;
    let drawn = `<path d="M${LEFT} ${TOP}V${BOTTOM}H${RIGHT}" fill="none" stroke="${INK}"/>`;
    if (some) drawn += text(number(high), LEFT - 5, TOP + 4, "end") + text(number(low), LEFT - 5, BOTTOM + 4, "end");
    drawn += text(String(steps[0]), LEFT, BOTTOM + 15, "middle") + text(String(steps[last]), RIGHT, BOTTOM + 15, "end");
    drawn += text("step", (LEFT + RIGHT) / 2, BOTTOM + 15, "middle");
    sides.forEach((side, s) => {
      const colour = s ? RED : BLUE, dash = s ? ' stroke-dasharray="6 3"' : "";
      let path = "", pen = "M";
      of(side).forEach((value, i) => {
        if (value === null) { pen = "M"; return; }
        path += pen + x(i).toFixed(1) + " " + y(value).toFixed(1);
        pen = "L";
      });
      drawn += `<path class="future" d="${path}" fill="none" stroke="${colour}" stroke-width="2"${dash}/>`;
      const now = of(side)[at];
      if (now !== null) drawn += `<circle cx="${x(at)}" cy="${y(now)}" r="4" fill="${colour}"/>`;
      if (sides.length > 1) {
        const left = LEFT + 10 + s * 190;
        drawn += `<path d="M${left} 12h26" stroke="${colour}" stroke-width="2"${dash}/>` + text(side.name, left + 32, 16, "start");
      }
    });
    drawn += `<path d="M${x(at)} ${TOP}V${BOTTOM}" stroke="${INK}" stroke-dasharray="2 2"/>`;
    const told = sides.map((side) => side.name + " " + number(of(side)[at])).join(", ");
    const between = some ? `between ${number(low)} and ${number(high)}` : "without a number";
    plot.innerHTML = `<svg role="img" viewBox="0 0 ${WIDTH} ${HEIGHT}" style="width:100%;height:auto;display:block" aria-label="${plain(
      `Curve of ${names[which]} from step ${steps[0]} to ${steps[last]}, ${between}; at step ${steps[at]}: ${told}`)}">${drawn}</svg>`;
  };

  let at = 0, timer = 0, asked = 0;
  const draw = () => {
    const turn = ++asked;
    sides.forEach((side, s) => {
      const parts = side.ground ? [side.ground, side.files[at]] : [side.files[at]];
      Promise.all(parts.map(load)).then((images) => {
        if (turn !== asked) return;
        const pen = canvases[s].getContext("2d");
        pen.clearRect(0, 0, side.width, side.height);
        images.forEach((image) => pen.drawImage(image, 0, 0));
        canvases[s].dataset.step = steps[at];
      }, () => {});
      if (at < last) load(side.files[at + 1]).catch(() => {});
      canvases[s].setAttribute("aria-label", side.alts[at]);
    });
    range.value = at;
    range.setAttribute("aria-valuetext", "step " + steps[at]);
    field.value = steps[at];
    // Not "disabled", which would take the focus from the one that was just pressed.
    [first, back].forEach((made) => made.setAttribute("aria-disabled", at === 0));
    [end, forward].forEach((made) => made.setAttribute("aria-disabled", at === last));
    // What moves is the players: their lines, once a future; without a name where they are those of all futures.
    const seen = [], shared = sides.every((side) => side.tables[at] === sides[0].tables[at]);
    equations.innerHTML = sides.map((side) => {
      const table = side.tables[at];
      const name = shared ? "" : `<b>${plain(side.name)}</b>`;
      if (seen.includes(table)) return "";
      seen.push(table);
      const lines = tables[table].map(([who, loss, update]) =>
        `<div style="margin:.2em 0 .5em"><b>${plain(who)}</b><div class="math">${loss}</div><div class="math">${update}</div></div>`);
      return `<div style="flex:1 1 18em;min-width:0">${name}${lines.join("")}</div>`;
    }).join("");
    const head = sides.length > 1 ? `<thead><tr><th></th>${sides.map((side) => `<th scope="col">${plain(side.name)}</th>`).join("")}</tr></thead>` : "";
    told.innerHTML = `<table>${head}<tbody>${names.map((name, i) =>
      `<tr><th scope="row">${plain(name)}</th>${sides.map((side) => `<td>${number(side.numbers[at][i])}</td>`).join("")}</tr>`).join("")}</tbody></table>`;
    drawCurve();
    // While it plays nobody wants to hear every step.
    if (!timer) say();
  };
  const say = () => {
    if (sides.every((side) => side.numbers[at][0] === null)) {
      status.textContent = `Step ${steps[at]} of ${steps[last]}: before the first step`;
      return;
    }
    const main = names.slice(0, 4).map((name, i) => name + " " + sides.map((side) => number(side.numbers[at][i])).join(" against "));
    status.textContent = `Step ${steps[at]} of ${steps[last]}: ${main.join(", ")}`;
  };
  const show = (next) => {
    at = Math.max(0, Math.min(last, next));
    draw();
  };
  const jump = (next) => { pause(); show(next); };
  const labelled = (text, name) => {
    play.textContent = text;
    play.title = name;
    play.setAttribute("aria-label", name);
  };
  const start = () => {
    if (at === last) show(0);
    labelled("❚❚ pause", "pause");
    timer = setInterval(() => {
      // Taken off the page, as when its cell runs again, it ends.
      if (!box.isConnected || at === last) return pause();
      show(at + 1);
      if (at === last) pause();
    }, 1000 / Number(speed.value));
    status.textContent = "Playing";
  };
  const pause = () => {
    if (!timer) return;
    clearInterval(timer);
    timer = 0;
    labelled("▶ play", "play");
    say();
  };
  const faster = (by) => {
    const index = SPEEDS.indexOf(Number(speed.value)) + by;
    if (SPEEDS[index] === undefined) return;
    speed.value = SPEEDS[index];
    speed.dispatchEvent(new Event("change"));
  };
  box.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const target = event.target;
    // These have uses of their own for some keys.
    const typing = target === field, choosing = target.tagName === "SELECT", pressing = target.tagName === "BUTTON";
    const act = {
      " ": typing || choosing || pressing ? null : () => (timer ? pause() : start()),
      ArrowLeft: typing || choosing ? null : () => jump(at - 1),
      ArrowRight: typing || choosing ? null : () => jump(at + 1),
      ArrowUp: typing ? () => jump(at + 1) : null,
      ArrowDown: typing ? () => jump(at - 1) : null,
      Home: typing || choosing ? null : () => jump(0),
      End: typing || choosing ? null : () => jump(last),
      "-": typing ? null : () => faster(-1),
      "+": typing ? null : () => faster(1),
    }[event.key];
    if (event.key !== "Tab" && event.key !== "Escape") event.stopPropagation();
    if (!act) return;
    event.preventDefault();
    act();
  });

  if (alone) row.append(words);
  box.append(style, row, controls, keys, status, ...(alone ? [] : [words]));
  const still = figure.querySelector(":scope > img");
  Promise.all(sides.flatMap((side) => [side.ground, side.files[0]]).filter(Boolean).map(load)).then(() => {
    // Where the script ran twice, the other run's.
    figure.querySelectorAll(":scope > .gan-course-stepper").forEach((old) => old.remove());
    if (still) still.style.display = "none";
    figure.prepend(box);
    draw();
    if (playing && !matchMedia("(prefers-reduced-motion: reduce)").matches) start();
  }, () => {}); // Where a picture can't be read the strip stays.
})();

(() => {
  const here = document.currentScript || document.getElementById(ID);
  const figure = here && here.closest("figure");
  if (!figure) return;
  const { label, alt, labels, sheets, per, size, shown } = FRAMES;
  const make = (name, set, style) => {
    const element = Object.assign(document.createElement(name), set);
    element.style.cssText = style;
    return element;
  };
  const load = (source) => {
    const sheet = new Image();
    sheet.src = source;
    return sheet.decode().then(() => sheet);
  };
  const build = (loaded) => {
    const [width, height] = size;
    const canvas = make("canvas", { width, height },
      "display:block;background:#fff;height:auto;max-width:100%;image-rendering:pixelated;width:" + shown + "px");
    canvas.setAttribute("role", "img");
    const input = make("input", { type: "range", min: 0, max: labels.length - 1, step: 1, value: 0 },
      "flex:1 1 12em;min-width:8em;height:28px;margin:0;cursor:pointer;accent-color:#0072b2");
    // Lab takes arrow keys for its own, unless the element that has the focus tells it not to.
    input.setAttribute("data-lm-suppress-shortcuts", "true");
    const now = make("span", {}, "flex:0 0 auto;min-width:6em;font-variant-numeric:tabular-nums");
    now.setAttribute("aria-hidden", "true");
    const name = make("label", {},
      "display:flex;flex-wrap:wrap;align-items:center;gap:.3em .9em;margin:.4em 2px;max-width:720px");
    name.append(make("span", { textContent: label }, "flex:0 0 auto"), input, now);
    const box = make("div", { className: "gan-course-slider" }, "");
    box.append(canvas, name);
    const draw = () => {
      const frame = Number(input.value);
      const place = (frame % per) * height;
      const pen = canvas.getContext("2d");
      pen.imageSmoothingEnabled = false;
      pen.drawImage(loaded[Math.floor(frame / per)], 0, place, width, height, 0, 0, width, height);
      canvas.setAttribute("aria-label", labels[frame] + ": " + alt);
      input.setAttribute("aria-valuetext", labels[frame]);
      now.textContent = labels[frame];
    };
    // One colour of the two is seen on any ground.
    const focus = (width) => () => {
      input.style.outline = width + "px solid #0072b2";
      input.style.boxShadow = "0 0 0 " + 2 * width + "px #fff";
    };
    input.addEventListener("input", draw);
    input.addEventListener("focus", focus(3));
    input.addEventListener("blur", focus(0));
    draw();
    figure.querySelectorAll(".gan-course-slider").forEach((old) => old.remove());
    figure.querySelector("img").style.display = "none";
    figure.prepend(box);
  };
  // Where a frame can't be read the strip stays.
  Promise.all(sheets.map(load)).then(build, () => {});
})();

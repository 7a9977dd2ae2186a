// Comforts of the question editor; every one of them can be had without script, too.
(function () {
  "use strict";
  var form = document.getElementById("question-form");
  if (!form) return;
  var changed = false;

  // "More rows" without a trip to the server: the last row is copied, empty, with the next number.
  function addRow(group) {
    var list = group.getAttribute("data-rows");
    var rows = group.querySelectorAll(":scope > .qe-row");
    var count = group.querySelector("input[name='" + list + ".rows']");
    var last = rows[rows.length - 1];
    if (!last || rows.length >= 40) return false;
    var from = list + "." + (rows.length - 1);
    var to = list + "." + rows.length;
    var row = last.cloneNode(true);
    row.setAttribute("data-row", rows.length);
    row.querySelectorAll("[name], [id], [data-region]").forEach(function (element) {
      ["name", "id", "data-region"].forEach(function (attribute) {
        var value = element.getAttribute(attribute);
        if (value && (value === from || value.indexOf(from + ".") === 0)) {
          element.setAttribute(attribute, to + value.slice(from.length));
        }
      });
    });
    row.querySelectorAll(".is-invalid").forEach(function (element) { element.classList.remove("is-invalid"); });
    row.querySelectorAll(".text-danger").forEach(function (element) { element.remove(); });
    row.querySelectorAll("textarea, input[type=text]").forEach(function (element) { element.value = ""; });
    row.querySelectorAll("input[type=checkbox], input[type=radio]").forEach(function (element) {
      element.checked = false;
      element.value = rows.length;
    });
    last.after(row);
    count.value = rows.length + 1;
    return row;
  }
  form.addEventListener("click", function (event) {
    var button = event.target.closest("button[name=more]");
    if (!button) return;
    var group = button.closest("[data-rows]");
    if (!group || group.getAttribute("data-rows") !== button.value) return;
    var first = addRow(group);
    if (!first) return;
    event.preventDefault();
    addRow(group);
    addRow(group);
    var field = first.querySelector("textarea, input[type=text]");
    if (field) field.focus();
  });

  // Regions are drawn on the picture and stand in the fields as numbers, and the other way round.
  var SVG = "http://www.w3.org/2000/svg";
  document.querySelectorAll("[data-hotspot]").forEach(function (frame) {
    var list = frame.getAttribute("data-hotspot");
    var canvas = frame.querySelector("svg");
    var start = null;
    var row = null;
    function field(row, name) { return form.elements[row + "." + name]; }
    function regions() {
      return Array.prototype.map.call(form.querySelectorAll("[data-region]"), function (one) {
        return one.getAttribute("data-region");
      }).filter(function (one) { return one.indexOf(list + ".") === 0; });
    }
    function number(row, name) {
      var value = field(row, name).value.trim();
      return value === "" ? null : Number(value);
    }
    function draw() {
      canvas.replaceChildren();
      regions().forEach(function (row) {
        var x = number(row, "x"), y = number(row, "y"), width = number(row, "width"), height = number(row, "height");
        if (x === null || y === null || width === null) return;
        var circle = field(row, "shape").value === "circle";
        if (!circle && height === null) return;
        var shape = document.createElementNS(SVG, circle ? "ellipse" : "rect");
        var said = circle ? { cx: x, cy: y, rx: width, ry: width } : { x: x, y: y, width: width, height: height };
        Object.keys(said).forEach(function (name) { shape.setAttribute(name, said[name]); });
        canvas.append(shape);
      });
    }
    function place(event) {
      var box = frame.getBoundingClientRect();
      function part(at, from, size) { return Math.max(0, Math.min(1000, Math.round(((at - from) / size) * 1000))); }
      return { x: part(event.clientX, box.left, box.width), y: part(event.clientY, box.top, box.height) };
    }
    frame.addEventListener("pointerdown", function (event) {
      if (event.button > 0) return;
      row = regions().find(function (one) { return field(one, "x").value.trim() === ""; });
      if (!row) {
        var group = form.querySelector("[data-rows='" + list + "']");
        if (!group || !addRow(group)) return;
        row = regions().pop();
      }
      start = place(event);
      frame.setPointerCapture(event.pointerId);
      event.preventDefault();
    });
    frame.addEventListener("pointermove", function (event) {
      if (!start) return;
      var end = place(event);
      if (field(row, "shape").value === "circle") {
        field(row, "x").value = start.x;
        field(row, "y").value = start.y;
        field(row, "width").value = Math.max(1, Math.round(Math.hypot(end.x - start.x, end.y - start.y)));
        field(row, "height").value = "";
      } else {
        field(row, "x").value = Math.min(start.x, end.x);
        field(row, "y").value = Math.min(start.y, end.y);
        field(row, "width").value = Math.max(1, Math.abs(end.x - start.x));
        field(row, "height").value = Math.max(1, Math.abs(end.y - start.y));
      }
      changed = true;
      draw();
    });
    frame.addEventListener("pointerup", function () { start = null; });
    frame.addEventListener("pointercancel", function () { start = null; });
    form.addEventListener("input", draw);
    draw();
  });

  // Leaving with something unsaved is asked about.
  form.addEventListener("input", function () { changed = true; });
  form.addEventListener("submit", function () { changed = false; });
  window.addEventListener("beforeunload", function (event) {
    if (changed) event.preventDefault();
  });
})();

"use strict";
(() => {
  const tools = document.getElementById("tools");
  if (!tools) return;
  const field = (id) => document.getElementById(id);
  const rows = [...document.querySelectorAll(".rows > li")].map((element) => ({
    element,
    list: element.parentElement,
    words: element.textContent.toLowerCase(),
    data: element.dataset,
  }));
  const orders = {
    order: (a, b) => a.data.order - b.data.order,
    since: (a, b) => a.data.since - b.data.since,
    urgency: (a, b) => b.data.urgency - a.data.urgency || a.data.order - b.data.order,
  };
  const wanted = (row) =>
    (!field("channel").value || row.data.channel === field("channel").value) &&
    (!field("priority").value || row.data.priority === field("priority").value) &&
    field("words").value.toLowerCase().split(/\s+/).every((word) => row.words.includes(word));
  const apply = () => {
    let shown = 0;
    for (const row of rows) {
      row.element.hidden = !wanted(row);
      shown += row.element.hidden ? 0 : 1;
    }
    [...rows].sort(orders[field("sort").value]).forEach((row) => row.list.append(row.element));
    field("shown").value = shown === rows.length ? "" : `${shown} of ${rows.length} shown`;
  };
  tools.addEventListener("input", apply);
  tools.addEventListener("submit", (event) => event.preventDefault());
  tools.hidden = false;
  apply();
})();

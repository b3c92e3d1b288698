// Filters the table of games and replays them. All positions come as SVG elements: the script knows no rules.
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const PAGE = 25, PLAY_MS = 600;
  const REASONS = { score: "the rules", resign: "resignation", illegal: "an illegal move", time: "time", crash: "a crash" };
  const $ = (id) => document.getElementById(id);
  const element = (tag, text, className) => {
    const made = document.createElement(tag);
    if (text !== undefined) made.textContent = text;
    if (className) made.className = className;
    return made;
  };
  const clamp = (value, low, high) => Math.max(low, Math.min(high, value));

  // --- the table -------------------------------------------------------------------------------------------------
  let found = [], first = 0;

  function fill(select, all, choices) {
    select.append(new Option(all, ""));
    for (const [value, text] of choices) select.append(new Option(text, value));
  }

  function matches(game) {
    const agent = $("agent").value, opponent = $("opponent").value;
    const outcome = $("outcome").value, reason = $("reason").value;
    if (reason && game.reason !== reason) return false;
    const seats = [0, 1].filter((seat) =>
      (!agent || game.agents[seat] === +agent) && (!opponent || game.agents[1 - seat] === +opponent));
    if (!seats.length) return false;
    if (!outcome) return true;
    // With an agent chosen a result is the agent's, else the first player's.
    const seat = agent ? seats[0] : 0;
    return game.outcome * (seat ? -1 : 1) === +outcome;
  }

  function outcomeChoices() {
    const chosen = $("outcome").value;
    const won = $("agent").value ? ["won", "lost"] : data.players.map((name) => `${name} won`);
    $("outcome").replaceChildren();
    fill($("outcome"), "all", [["1", won[0]], ["0", "drawn"], ["-1", won[1]]]);
    $("outcome").value = chosen;
  }

  function filter() {
    outcomeChoices();
    found = data.games.filter(matches);
    first = 0;
    list();
  }

  function list() {
    $("rows").replaceChildren(...found.slice(first, first + PAGE).map(row));
    const last = Math.min(first + PAGE, found.length);
    $("range").textContent = found.length ? `${first + 1} to ${last} of ${found.length} games` : "no such games";
    $("earlier").disabled = first === 0;
    $("later").disabled = last >= found.length;
  }

  function row(game) {
    const line = element("tr");
    line.classList.toggle("open", game === shown);
    line.append(element("td", game.number, "num rank"));
    for (const seat of [0, 1]) {
      const winner = game.outcome === (seat ? -1 : 1);
      line.append(element("td", data.agents[game.agents[seat]], winner ? "name winner" : "name"));
    }
    line.append(element("td", game.result), element("td", REASONS[game.reason] ?? game.reason), element("td", game.plies, "num"));
    const cell = element("td");
    if (game.splices) {
      const link = element("a", "replay");
      link.href = `#game-${game.number}`;
      cell.append(link);
    } else cell.append(element("span", "not on this page", "faint"));
    line.append(cell);
    return line;
  }

  // --- the board -------------------------------------------------------------------------------------------------
  let shown = null, positions = [], ply = 0, timer = null;

  function open(game) {
    shown = game;
    positions = [];
    let picture = [];
    for (const splices of game.splices) {
      picture = picture.slice();
      for (const [at, leaving, ...coming] of splices) picture.splice(at, leaving, ...coming);
      positions.push(picture);
    }
    const names = game.agents.map((agent) => data.agents[agent]);
    $("who").textContent = `${data.players[0]}: ${names[0]} — ${data.players[1]}: ${names[1]}`;
    $("result").textContent = `Game ${game.number}: ${game.result}, ended by ${REASONS[game.reason] ?? game.reason}. `
      + `Time: ${game.seconds.map((seconds) => `${seconds.toFixed(2)} s`).join(" and ")}.`;
    $("notes").textContent = game.notes.join(" ");
    $("ply").max = game.plies;
    $("moves").replaceChildren(...game.actions.map((action, i) => {
      const item = element("li", `${i + 1}. ${data.moves[action]}`, i < game.opening ? "opening" : "");
      item.title = i < game.opening ? "a move of the opening" : "";
      item.onclick = () => go(i + 1);
      return item;
    }));
    values(game);
    $("replay").hidden = false;
    stop();
    go(game.opening);
    list();
  }

  function go(to) {
    ply = clamp(to, 0, positions.length - 1);
    const items = positions[ply].map((number) => data.elements[number]).join("");
    $("board").innerHTML = `<svg viewBox="0 0 ${data.width} ${data.height}" role="img" aria-label="The position" `
      + `font-family="system-ui, sans-serif">${items}</svg>`;
    $("ply").value = ply;
    const mover = ply ? shown.values[ply - 1] : null;
    $("at").textContent = ply === 0 ? "start" : `move ${ply} of ${shown.plies}: ${data.moves[shown.actions[ply - 1]]}`
      + (mover === null ? "" : ` (${mover > 0 ? "+" : ""}${mover.toFixed(2)})`);
    [...$("moves").children].forEach((item, i) => item.classList.toggle("now", i === ply - 1));
    const now = $("moves").children[ply - 1];
    if (now) $("moves").scrollTop = now.offsetTop - $("moves").offsetTop - 40;
    const mark = $("values").querySelector(".now");
    if (mark) for (const end of ["x1", "x2"]) mark.setAttribute(end, ply);
    if (ply === positions.length - 1) stop();
  }

  // What each player expected for the first player, over the moves.
  function values(game) {
    const lines = [0, 1].map((seat) => game.values
      .map((value, i) => [i + 1, value === null ? null : value * (game.movers[i] ? -1 : 1), game.movers[i]])
      .filter(([, value, mover]) => value !== null && mover === seat)
      .map(([x, value]) => `${x},${(-value).toFixed(3)}`).join(" "));
    $("values").hidden = !lines.join("");
    $("values").innerHTML = `<svg viewBox="0 -1.05 ${Math.max(1, game.plies)} 2.1" preserveAspectRatio="none">`
      + `<line class="zero" x1="0" x2="${game.plies}" y1="0" y2="0"/>`
      + lines.map((points, seat) => `<polyline class="series-${seat}" points="${points}"/>`).join("")
      + `<line class="now" y1="-1.05" y2="1.05"/></svg>`;
    const caption = element("figcaption", `What they expect for ${data.players[0]}, from a loss (below) to a win (above): `);
    [0, 1].forEach((seat) => caption.append(element("span", `${seat ? ", " : ""}${data.players[seat]}`, `series-${seat}`)));
    $("values").append(caption);
    $("values").firstChild.onclick = (event) => {
      const box = event.currentTarget.getBoundingClientRect();
      go(Math.round((event.clientX - box.left) / box.width * shown.plies));
    };
  }

  function stop() {
    clearInterval(timer);
    timer = null;
    document.querySelector("[data-go=play]").textContent = "Play";
  }

  function play() {
    if (timer) return stop();
    if (ply === positions.length - 1) go(0);
    timer = setInterval(() => go(ply + 1), PLAY_MS);
    document.querySelector("[data-go=play]").textContent = "Stop";
  }

  const STEPS = { first: () => go(0), back: () => go(ply - 1), play, forward: () => go(ply + 1), last: () => go(positions.length - 1) };
  const KEYS = { Home: "first", ArrowLeft: "back", " ": "play", ArrowRight: "forward", End: "last" };

  function follow() {
    const game = data.games.find((one) => `#game-${one.number}` === location.hash && one.splices);
    if (!game) return;
    open(game);
    $("replay").scrollIntoView({ block: "nearest" });
  }

  // --- start -----------------------------------------------------------------------------------------------------
  data.players.forEach((name, seat) => { $(`player${seat}`).textContent = name; });
  const agents = data.agents.map((name, i) => [i, name]);
  fill($("agent"), "all", agents);
  fill($("opponent"), "all", agents);
  fill($("reason"), "all", Object.entries(REASONS).filter(([reason]) => data.games.some((game) => game.reason === reason)));
  $("filters").oninput = filter;
  $("filters").onsubmit = (event) => event.preventDefault();
  $("earlier").onclick = () => { first -= PAGE; list(); };
  $("later").onclick = () => { first += PAGE; list(); };
  $("ply").oninput = () => go(+$("ply").value);
  for (const button of document.querySelectorAll("[data-go]")) button.onclick = STEPS[button.dataset.go];
  document.addEventListener("keydown", (event) => {
    if (!shown || !KEYS[event.key] || ["SELECT", "INPUT", "BUTTON"].includes(event.target.tagName)) return;
    event.preventDefault();
    STEPS[KEYS[event.key]]();
  });
  addEventListener("hashchange", follow);
  filter();
  const begin = data.games.find((game) => game.splices);
  if (location.hash.startsWith("#game-")) follow();
  else if (begin) open(begin);
})();

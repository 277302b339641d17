'use strict';
// Hears of the simulation by /events, draws it, and tells the control endpoint what to break. Text is only ever set as text.

const byId = id => document.getElementById(id);
const SVG = 'http://www.w3.org/2000/svg';
const KEPT = 200;          // requests on the page
const DOTS = 60;           // on their way at a time
const FADE = 2500;         // how long a link shows what went over it, ms
const KINDS = ['good', 'throttled', 'refused', 'failed'];
const KIND_WORDS = { good: 'ok', throttled: '429', refused: '4xx', failed: 'failed' };
// How the options of faults are asked for: `scale` makes the number what the endpoint wants, `unit` is what a person types.
const OPTIONS = {
  retryAfterMs: { label: 'Retry-After', unit: 's', scale: 1000 },
  delayMs: { label: 'Delay', unit: 's', scale: 1000 },
  periodMs: { label: 'On and off every', unit: 's', scale: 1000 },
  rate: { label: 'Share of requests', unit: '%', text: value => value + '%' },
  pieces: { label: 'Pieces before it', unit: '' },
  tokensPerMinute: { label: 'Tokens a minute', unit: '', text: value => String(value) },
};
const still = matchMedia('(prefers-reduced-motion: reduce)');

let state = null;
let hello = { run: 0, catalogue: [] };
let paused = false;
let held = [];
let newest = 0;
const seen = [];           // the newest first: { request, row }
const cards = new Map();   // key -> { node, parts }
const links = new Map();   // key -> { path, calls, kind, until }
const seconds = [];        // the last minute: counts by kind

function make(tag, properties = {}, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children.filter(child => child !== null && child !== undefined));
  return node;
}

function draw(tag, attributes) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}

function kindOf(status, error) {
  if (error || status >= 500 || status === undefined) return 'failed';
  if (status === 429) return 'throttled';
  return status >= 400 ? 'refused' : 'good';
}

const took = ms => ms < 1 ? '<1 ms' : ms < 10000 ? ms + ' ms' : (ms / 1000).toFixed(1) + ' s';
const micros = us => us < 1000 ? us + ' µs' : us < 10000000 ? (us / 1000).toFixed(us < 10000 ? 1 : 0) + ' ms' : (us / 1e6).toFixed(1) + ' s';
const total = counts => KINDS.reduce((sum, kind) => sum + (counts?.[kind] ?? 0), 0);

// ---- the stream -------------------------------------------------------------------------------------------------------------------

const stream = new EventSource('/events');
stream.onopen = () => connection('live', 'live');
stream.onerror = () => connection('lost', 'no connection: trying again');
stream.addEventListener('hello', event => {
  const said = JSON.parse(event.data);
  if (said.run !== hello.run && hello.run) forget();
  hello = said;
  document.title = 'openai-failover ' + said.version + ': simulation';
  showTargets();
});
stream.addEventListener('state', event => show(JSON.parse(event.data)));
stream.addEventListener('requests', event => {
  // After a connection was lost, the server tells the last ones again.
  const fresh = JSON.parse(event.data).filter(request => request.number > newest);
  if (fresh.length) newest = fresh[fresh.length - 1].number;
  const first = seen.length === 0 && held.length === 0 && fresh.length > 20;
  if (paused) held = held.concat(fresh).slice(-KEPT);
  else list(fresh);
  byId('held').textContent = paused ? held.length + ' more since' : '';
  if (!first) fresh.slice(-12).forEach((request, index) => setTimeout(() => travel(request), index * 20));
});

function connection(kind, text) {
  const chip = byId('link');
  chip.className = 'chip ' + kind;
  chip.textContent = text;
}

function forget() {
  newest = 0;
  held = [];
  seen.length = 0;
  seconds.length = 0;
  before = null;
  byId('rows').replaceChildren();
  byId('none').hidden = false;
}

// ---- the layers -------------------------------------------------------------------------------------------------------------------

function show(next) {
  state = next;
  const doors = state.frontDoor ? [door(state.frontDoor)] : [];
  byId('doors-layer').hidden = doors.length === 0;
  layer('doors', doors);
  layer('gateways', state.gateways.map(gateway => ({
    ...gateway, key: 'gateway:' + gateway.region, name: gateway.region, where: '', counts: gateway.answers, target: 'gateway:' + gateway.region,
  })));
  layer('backends', state.backends.map(backend => ({
    ...backend, key: 'backend:' + backend.id, name: backend.id, where: backend.region, counts: backend.calls, target: backend.id,
    open: state.circuits.filter(circuit => circuit.backend === backend.id && circuit.openUntilMs).map(circuit => circuit.gateway),
  })));
  byId('flight').textContent = state.gateways.reduce((sum, gateway) => sum + gateway.inFlight, 0);
  byId('traced').checked = state.tracesEverything;
  connect();
  showTargets();
  showActive();
  showCircuits();
}

function door(front) {
  const left = (front.origins ?? []).filter(origin => !origin.healthy).map(origin => origin.gateway);
  const target = state.targets.find(target => target.startsWith('link:front-door-')) ?? '';
  return { ...front, key: 'door', name: 'Front Door', where: '', counts: front.answers, target, left };
}

function layer(id, things) {
  const box = byId(id);
  const keys = new Set(things.map(thing => thing.key));
  for (const [key, card] of cards) {
    if (card.layer === id && !keys.has(key)) {
      card.node.remove();
      cards.delete(key);
    }
  }
  for (const thing of things) {
    let card = cards.get(thing.key);
    if (!card) {
      card = newCard(id, thing);
      cards.set(thing.key, card);
      box.append(card.node);
    }
    fill(card, thing);
  }
}

function newCard(layer, thing) {
  const parts = { name: make('span', { className: 'name' }), state: make('span', { className: 'state' }), counts: make('span', { className: 'counts' }) };
  const node = make('button', { type: 'button', className: 'card' }, parts.name, parts.state, parts.counts);
  node.addEventListener('click', () => choose(thing.target));
  return { layer, node, parts, target: thing.target };
}

function fill(card, thing) {
  const { node, parts } = card;
  parts.name.replaceChildren(thing.name, ...(thing.where ? [make('small', {}, ' ' + thing.where)] : []));
  const open = thing.open?.length ? 'circuit open in ' + thing.open.join(', ') : '';
  const left = thing.left?.length ? 'no longer to ' + thing.left.join(', ') : '';
  parts.state.textContent = [thing.fault, open, left].filter(Boolean).join('; ') || 'healthy';
  node.classList.toggle('ill', Boolean(thing.fault));
  node.classList.toggle('warned', !thing.fault && Boolean(open || left));
  node.setAttribute('aria-pressed', String(Boolean(thing.target) && byId('target').value === thing.target));
  node.title = [thing.host, thing.url].filter(Boolean).join('\n');
  const told = KINDS.filter(kind => thing.counts?.[kind]).map(kind => make('span', { className: kind }, thing.counts[kind] + ' ' + KIND_WORDS[kind]));
  parts.counts.replaceChildren(...(told.length ? told : [make('span', {}, 'no requests')]));
}

function place(node, map) {
  const box = node.getBoundingClientRect();
  return { x: box.left - map.left + box.width / 2, top: box.top - map.top, bottom: box.bottom - map.top };
}

// The links between the cards: from above to below.
function connect() {
  const map = byId('map').getBoundingClientRect();
  byId('links').setAttribute('viewBox', `0 0 ${map.width} ${map.height}`);
  const wanted = [];
  const gateways = state.gateways.map(gateway => 'gateway:' + gateway.region);
  if (state.frontDoor) wanted.push(['clients', 'door', state.frontDoor.answers]);
  for (const gateway of state.gateways) {
    const key = 'gateway:' + gateway.region;
    if (state.frontDoor) wanted.push(['door', key, gateway.throughFrontDoor]);
    // A gateway can be called past Front Door; that is drawn once somebody does it.
    if (!state.frontDoor || total(gateway.answers) > total(gateway.throughFrontDoor)) wanted.push(['clients', key, gateway.answers]);
  }
  for (const key of gateways) {
    for (const backend of state.backends) {
      const link = state.links.find(link => 'gateway:' + link.gateway === key && link.backend === backend.id);
      wanted.push([key, 'backend:' + backend.id, link?.calls]);
    }
  }
  const keys = new Set();
  for (const [from, to, calls] of wanted) {
    const key = from + '>' + to;
    const [above, below] = [from, to].map(end => end === 'clients' ? byId('clients') : cards.get(end)?.node);
    if (!above || !below) continue;
    keys.add(key);
    let link = links.get(key);
    if (!link) {
      link = { path: draw('path', {}), calls: calls ?? {}, kind: '', until: 0 };
      byId('links').prepend(link.path);
      links.set(key, link);
    }
    const [start, end] = [place(above, map), place(below, map)];
    const middle = (start.bottom + end.top) / 2;
    link.path.setAttribute('d', `M${start.x} ${start.bottom} C${start.x} ${middle} ${end.x} ${middle} ${end.x} ${end.top}`);
    glow(link, calls ?? {});
  }
  for (const [key, link] of links) {
    if (!keys.has(key)) {
      link.path.remove();
      links.delete(key);
    }
  }
}

// A link shows the worst that has just gone over it, and by its width how much.
function glow(link, calls) {
  const grown = KINDS.filter(kind => (calls[kind] ?? 0) > (link.calls[kind] ?? 0));
  const more = total(calls) - total(link.calls);
  link.calls = calls;
  if (!grown.length) return;
  link.kind = grown[grown.length - 1];
  link.until = performance.now() + FADE;
  link.path.setAttribute('class', link.kind);
  link.path.setAttribute('stroke-width', Math.min(8, 2 + Math.log2(1 + more)));
}

setInterval(() => {
  for (const link of links.values()) {
    if (link.until && link.until < performance.now()) {
      link.until = 0;
      link.path.removeAttribute('class');
      link.path.removeAttribute('stroke-width');
    }
  }
}, 500);

new ResizeObserver(() => state && connect()).observe(byId('map'));

// ---- dots: requests on their way --------------------------------------------------------------------------------------------------

const dots = new Set();

function travel(request) {
  if (still.matches || document.hidden || dots.size >= DOTS) return;
  const from = request.reference ? 'door' : 'gateway:' + request.gateway;
  const ends = kindOf(request.status, request.error);
  const ways = request.reference ? ['clients>door'] : request.frontDoor ? ['clients>door', 'door>' + from] : ['clients>' + from];
  const legs = ways.map(key => [key, 'asks']);
  for (const attempt of request.attempts.slice(0, 6)) {
    const key = from + '>' + (request.reference ? 'gateway:' + attempt.gateway : 'backend:' + attempt.backend);
    legs.push([key, 'asks'], [key, kindOf(attempt.status, attempt.error), true]);
  }
  legs.push(...ways.reverse().map(key => [key, ends, true]));
  const circle = draw('circle', { r: 5 });
  byId('links').append(circle);
  const dot = { circle, legs: legs.filter(([key]) => links.has(key)), leg: 0, since: 0 };
  dots.add(dot);
  if (dots.size === 1) requestAnimationFrame(move);
}

function move(now) {
  for (const dot of dots) {
    dot.since ||= now;
    let way = (now - dot.since) / 260;
    if (way >= 1) {
      dot.leg += 1;
      dot.since = now;
      way = 0;
    }
    const [key, kind, back] = dot.legs[dot.leg] ?? [];
    const path = links.get(key)?.path;
    if (!path) {
      dot.circle.remove();
      dots.delete(dot);
      continue;
    }
    const point = path.getPointAtLength(path.getTotalLength() * (back ? 1 - way : way));
    dot.circle.setAttribute('class', kind);
    dot.circle.setAttribute('cx', point.x);
    dot.circle.setAttribute('cy', point.y);
  }
  if (dots.size) requestAnimationFrame(move);
}

// ---- figures ----------------------------------------------------------------------------------------------------------------------

let before = null;

function sums() {
  const sum = { good: 0, throttled: 0, refused: 0, failed: 0 };
  for (const gateway of state.gateways) for (const kind of KINDS) sum[kind] += gateway.answers?.[kind] ?? 0;
  return sum;
}

setInterval(() => {
  if (!state) return;
  const now = sums();
  if (before) {
    seconds.push(Object.fromEntries(KINDS.map(kind => [kind, Math.max(0, now[kind] - before[kind])])));
    if (seconds.length > 60) seconds.shift();
  }
  before = now;
  const last = seconds.slice(-3);
  const rate = last.length ? last.reduce((sum, second) => sum + total(second), 0) / last.length : 0;
  byId('rate').textContent = rate >= 10 || rate === 0 ? Math.round(rate) : rate.toFixed(1);
  const all = seconds.reduce((sum, second) => sum + total(second), 0);
  const good = seconds.reduce((sum, second) => sum + second.good, 0);
  byId('share').textContent = all ? (100 * good / all).toFixed(good === all ? 0 : 2) + ' %' : '–';
  const times = seen.map(({ request }) => request.ms).sort((a, b) => a - b);
  byId('p95').textContent = times.length ? took(times[Math.min(times.length - 1, Math.ceil(times.length * .95) - 1)]) : '–';
  bars();
}, 1000);

function bars() {
  const chart = byId('minute');
  const highest = Math.max(1, ...seconds.map(total));
  const bars = [];
  seconds.forEach((second, index) => {
    let top = 44;
    for (const kind of KINDS) {
      const height = 42 * second[kind] / highest;
      if (!height) continue;
      top -= height;
      bars.push(draw('rect', { class: kind, x: (60 - seconds.length + index) * 4, y: top, width: 3.2, height }));
    }
  });
  chart.replaceChildren(...bars);
}

// ---- faults -----------------------------------------------------------------------------------------------------------------------

const placeOf = target => /^(region|gateway|link):/.exec(target)?.[1] ?? (target.includes('/') ? 'deployment' : 'backend');
const GROUPS = { backend: 'Resources', deployment: 'Deployments', region: 'Regions', gateway: 'Gateways', link: 'Links' };
let shownTargets = '';
let shownPlace = '';

function showTargets() {
  const targets = state?.targets ?? [];
  const select = byId('target');
  if (shownTargets !== targets.join()) {
    shownTargets = targets.join();
    const chosen = select.value;
    const groups = Object.entries(GROUPS).map(([place, label]) => {
      const group = make('optgroup', { label }, ...targets.filter(target => placeOf(target) === place).map(target => make('option', { value: target }, target)));
      return group.children.length ? group : null;
    });
    select.replaceChildren(...groups.filter(Boolean));
    if (targets.includes(chosen)) select.value = chosen;
  }
  showCatalogue();
}

function choose(target) {
  if (!target) return;
  byId('target').value = target;
  showCatalogue();
  for (const card of cards.values()) card.node.setAttribute('aria-pressed', String(Boolean(card.target) && card.target === target));
}

byId('target').addEventListener('change', () => choose(byId('target').value));

function showCatalogue() {
  const target = byId('target').value;
  const place = target && placeOf(target);
  if (shownPlace === place + hello.run) return;
  shownPlace = place + hello.run;
  const fitting = hello.catalogue.filter(entry => entry.places.includes(place));
  byId('catalogue').replaceChildren(...fitting.map(entry => {
    const button = make('button', { type: 'button', title: entry.seen }, entry.fault);
    button.addEventListener('click', () => setFault(entry));
    for (const event of ['focus', 'mouseenter']) button.addEventListener(event, () => { byId('explained').textContent = entry.fault + ': ' + entry.seen; });
    return button;
  }));
  const kept = new Map([...byId('options').querySelectorAll('input')].map(input => [input.name, input.value]));
  const taken = Object.keys(OPTIONS).filter(name => fitting.some(entry => entry.options.includes(name)));
  byId('options').replaceChildren(...taken.map(name => make('label', {}, OPTIONS[name].label, ' ',
    make('input', { type: 'number', min: 0, step: 'any', name, value: kept.get(name) ?? '' }), OPTIONS[name].unit)));
  byId('options-box').hidden = taken.length === 0;
}

function setFault(entry) {
  const command = { target: byId('target').value, fault: entry.fault };
  if (byId('lasting').value) command.forMs = Number(byId('lasting').value);
  for (const input of byId('options').querySelectorAll('input')) {
    if (input.value === '' || !entry.options.includes(input.name)) continue;
    const { scale, text } = OPTIONS[input.name];
    command[input.name] = text ? text(input.value) : Math.round(Number(input.value) * (scale ?? 1));
  }
  tell('POST', '/faults', command, `${command.target}: ${command.fault}`);
}

async function tell(method, path, body, done) {
  const said = byId('said');
  try {
    const answer = await fetch(path, { method, body: body && JSON.stringify(body) });
    const json = await answer.json();
    said.textContent = answer.ok ? done : json.error.message;
    said.classList.toggle('wrong', !answer.ok);
  } catch {
    said.textContent = 'no answer from the simulation';
    said.classList.add('wrong');
  }
}

function optionText(fault) {
  const known = Object.entries(OPTIONS).filter(([name]) => fault[name] !== undefined);
  return known.map(([name, option]) => `, ${option.label.toLowerCase()} ${option.scale ? fault[name] / option.scale + ' ' + option.unit : fault[name]}`).join('');
}

function showActive() {
  const items = state.faults.map(fault => {
    const left = make('span', { className: 'dim' });
    left.dataset.until = fault.untilMs ?? '';
    const clear = make('button', { type: 'button', ariaLabel: 'Clear the fault on ' + fault.target }, 'Clear');
    clear.addEventListener('click', () => tell('DELETE', '/faults/' + encodeURIComponent(fault.target), null, fault.target + ' is healthy again'));
    clear.dataset.target = fault.target;
    return make('li', {}, make('span', {}, make('b', {}, fault.target), ' ' + fault.fault + optionText(fault) + ' ', left), clear);
  });
  const focused = document.activeElement?.dataset?.target;
  byId('active').replaceChildren(...(items.length ? items : [make('li', { className: 'nothing' }, 'None: all is well.')]));
  if (focused !== undefined) [...byId('active').querySelectorAll('button')].find(button => button.dataset.target === focused)?.focus();
  byId('clear-all').hidden = items.length < 2;
  remaining();
}

function remaining() {
  for (const left of document.querySelectorAll('[data-until]')) {
    const until = Number(left.dataset.until);
    left.textContent = until ? `for ${Math.max(0, Math.ceil((until - Date.now()) / 1000))} s more` : '';
  }
}

setInterval(remaining, 1000);
byId('clear-all').addEventListener('click', () => tell('DELETE', '/faults', null, 'all is well again'));

function showCircuits() {
  byId('circuits-title').hidden = state.circuits.length === 0;
  byId('circuits').replaceChildren(...state.circuits.map(circuit => {
    const left = make('span', { className: 'dim' });
    left.dataset.until = circuit.openUntilMs ?? '';
    const word = circuit.openUntilMs ? 'open ' : 'closed ';
    return make('li', { className: circuit.openUntilMs ? '' : 'fine' },
      make('span', {}, make('b', {}, circuit.backend), ` in ${circuit.gateway}: ${word}`, left), make('span', { className: 'dim' }, 'opened ' + circuit.opened + ' ×'));
  }));
  remaining();
}

// ---- requests ---------------------------------------------------------------------------------------------------------------------

const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit', fractionalSecondDigits: 3 });
const outcome = attempt => String(attempt.status ?? attempt.error);

function list(fresh) {
  const rows = fresh.map(request => {
    const entry = { request, row: newRow(request) };
    seen.unshift(entry);
    return entry.row;
  });
  byId('rows').prepend(...rows.reverse());
  for (const { row } of seen.splice(KEPT)) row.remove();
  byId('none').hidden = seen.length > 0;
}

function newRow(request) {
  const kind = kindOf(request.status, request.error);
  const open = make('button', { type: 'button' }, clock.format(new Date(request.time)));
  const met = (request.waf ?? []).map(rule => make('span', { className: 'call' }, 'rule ' + rule.rule));
  const calls = request.attempts.map(attempt => make('span', { className: 'call' }, (attempt.backend ?? attempt.gateway) + ' ',
    make('span', { className: 'tone-' + kindOf(attempt.status, attempt.error) }, outcome(attempt))));
  const cell = (className, ...children) => make('td', { className }, ...children);
  const row = make('tr', { className: kind === 'good' && request.attempts.length < 2 ? 'fine' : '' },
    cell('time', open),
    cell('status', make('b', { className: 'tone-' + kind }, String(request.status)), request.error ? ' ' + request.error : ''),
    cell('gateway', request.gateway ?? 'Front Door'), cell('served', request.servedBy ?? ''), cell('calls', ...met, ...calls),
    cell('number', took(request.ms)), cell('path', request.method + ' ' + request.path));
  row.lastElementChild.title = request.method + ' ' + request.path;
  row.addEventListener('click', () => openDetail(request));
  return row;
}

byId('trouble').addEventListener('change', event => byId('rows').classList.toggle('only-trouble', event.target.checked));
byId('traced').addEventListener('change', event => tell('PUT', '/tracing', { everything: event.target.checked }, event.target.checked ? 'every request is traced' : 'requests that ask for it are traced'));
byId('pause').addEventListener('click', event => {
  paused = !paused;
  event.target.setAttribute('aria-pressed', String(paused));
  event.target.textContent = paused ? 'Go on' : 'Pause';
  byId('held').textContent = '';
  if (!paused) {
    list(held);
    held = [];
  }
});

function openDetail(request) {
  byId('detail-title').textContent = `${request.method} ${request.path}`;
  const longest = Math.max(1, ...request.attempts.map(attempt => attempt.ms));
  const bars = request.attempts.flatMap(attempt => {
    const kind = kindOf(attempt.status, attempt.error);
    const bar = draw('svg', { viewBox: '0 0 100 10', preserveAspectRatio: 'none', 'aria-hidden': 'true' });
    bar.append(draw('rect', { class: kind, width: Math.max(1, 100 * attempt.ms / longest), height: 10, rx: 2 }));
    return [make('span', {}, attempt.backend ?? attempt.gateway), make('span', { className: 'tone-' + kind }, outcome(attempt)), make('span', { className: 'number' }, took(attempt.ms)), bar];
  });
  const error = request.error ? ` (${request.error})` : '';
  const trace = make('div', {}, make('p', { className: 'dim' }, 'Looking for the trace …'));
  byId('detail-body').replaceChildren(
    make('p', {}, make('b', { className: 'tone-' + kindOf(request.status, request.error) }, String(request.status)),
      `${error}${request.servedBy ? ' from ' + request.servedBy : ''} in ${took(request.ms)}, by ${request.gateway ? 'the gateway in ' + request.gateway : 'Front Door'}`),
    make('p', { className: 'dim small' }, `${request.time}  ${request.id ?? request.reference}`),
    make('h3', {}, 'Calls to backends'),
    bars.length ? make('div', { className: 'bars' }, ...bars) : make('p', { className: 'dim' }, 'No backend was called.'),
    make('h3', {}, 'Trace'), trace);
  byId('detail').showModal();
  showTrace(request.id ?? '-', trace);
}

async function showTrace(id, into) {
  try {
    const answer = await fetch('/traces/' + encodeURIComponent(id));
    const json = await answer.json();
    if (answer.ok) into.replaceChildren(make('ol', { className: 'trace' }, ...json.records.map(traced)));
    else into.replaceChildren(make('p', { className: 'dim' },
      'None is kept of this one. “Trace every request” above the list has the next ones traced; the newest 256 traces are kept.'));
  } catch {
    into.replaceChildren(make('p', { className: 'dim' }, 'No answer from the simulation.'));
  }
}

function traced(record) {
  const failed = record.entries.some(entry => entry.failed);
  const where = record.document ? `${record.document}:${record.line}` : record.scope;
  return make('li', { className: failed ? 'failed' : '' },
    make('span', { className: 'section' }, record.section), make('b', {}, record.path || record.element), ' ',
    make('span', { className: 'dim' }, `${where}, at ${micros(record.atUs)}, took ${micros(record.us)}`),
    ...record.entries.map(entry => make('pre', {}, traceEntry(entry))));
}

function traceEntry({ value, changed, message, recorded, failed }) {
  if (value !== undefined) return 'gives ' + value;
  if (changed) {
    if (changed.after === undefined || changed.after === null) return `${changed.what}: gone`;
    return `${changed.what}: ${changed.after}`;
  }
  if (message) return `${message.source} says (${message.severity}): ${message.message}`;
  if (recorded) return Object.entries(recorded).map(([name, text]) => `${name}: ${text}`).join('\n');
  if (failed) return `fails with ${failed.reason}: ${failed.message}`;
  return '';
}

byId('detail').addEventListener('click', event => {
  if (event.target === byId('detail')) byId('detail').close();
});

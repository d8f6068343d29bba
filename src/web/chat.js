// The room in a browser: sends lines to chatd through a WebSocket, and is told objects of
// chatd-json(7).
//
// What people say must never become anything but text nodes, and links only through the URL parser.
// Nothing may grow without a bound, and what somebody typed must never get lost.

// --- Bounds

const ROWS_MAX = 2000; // in the page; twice as many while somebody reads back
const ROWS_AT_ONCE = 200; // each 16 ms
const CHUNK_ROWS = 100; // laid out, skipped and dropped together
const HISTORY_MAX = 1000; // the most that /history shows
const PEOPLE_MAX = 500; // whose names are kept; the filter finds the others
const LINES_AT_ONCE = 200; // of a pasted text: 18 s at the server's pace
const SUGGESTED_MAX = 8;
const HUES = 12; // in chat.css; ./chat gives a name the same one
const SAME_BREATH_MS = 300_000; // lines of one person within this share a name
const PEOPLE_MS = 400; // between two looks of the panel, or two questions who is here
const PAUSE_MS_MAX = 20_000; // before what all pages do at once: come back, ask who is left

// --- Words: each text in English and in Chinese, with blanks {0} and {1}

const languages = ['en', 'zh'];
const texts = {
  __proto__: null, // A word of the server finds these or nothing.
  tag: ['en', 'zh-CN'],
  otherLanguage: ['中文', 'English'],
  bytesLeft: ['Bytes left: {0}', '剩余字节：{0}'],
  yourName: ['Your name', '你的名字'],
  enter: ['Enter', '进入聊天室'],
  unreachable: ['The server cannot be reached.', '连不上服务器。'],
  notify: ['Notify me', '有人找我时通知我'],
  hint: ['Message, or / for commands', '说点什么，或输入 /'],
  send: ['Send', '发送'],
  filter: ['Name begins with', '名字开头'],
  more: ['… and {0} more', '… 还有 {0} 人'],
  now: ['Try now', '立即重试'],
  cut: ['Connection lost. Trying again …', '连接断开了，正在重新连接…'],
  held: ['The name {0} is still taken. Trying again …', '名字 {0} 还被占着，正在重试…'],
  many: ['Lines: {0}. Enter again sends them.', '共 {0} 行，再按一次 Enter 发送。'],
  newest: ['Newest', '最新消息'],
  away: ['While you were away', '你离开期间'],
  answer: ['Answer', '回复'],
  again: ['Edit', '重新编辑'],
  unknown: ['Perhaps this did not arrive.', '可能没有送到。'],
  toMe: ['{0} to you', '{0} 悄悄对你说'],
  fromMe: ['You to {0}', '你悄悄对 {0} 说'],
  join: ['{0} came in', '{0} 进入聊天室'],
  leave: ['{0} left', '{0} 退出了聊天室'],
  lost: ['connection lost', '连接中断'],
  removed: ['removed by the operator', '被管理员请出'],
  killed: ['killed by signal', '被信号终止'],
  failed: ['fault', '程序出错'],
  idle: ['idle', '长时间没有说话'],
  rename: ['{0} is now called {1}', '{0} 改名为 {1}'],
  gap: ['… messages are missing here', '… 这里缺少一些消息'],
  closing: ['The server is shutting down.', '服务器即将关闭。'],
  name: ['name', '名字'],
  idle_ms: ['minutes idle', '空闲分钟'],
  address: ['address', '地址'],
  '/who ': ['Who is here', '谁在这里'],
  '/me ': ['Say what you do', '描述你的动作'],
  '/msg ': ['Tell one person alone', '悄悄对一个人说'],
  '/r ': ['Answer the last of them', '回复上一句悄悄话'],
  '/nick ': ['Change your name', '改名'],
  '/history ': ['The last messages', '最近的消息'],
  '/ps ': ['Processes of the server', '服务器的进程'],
  '/lang ': ['en or zh', 'en 或 zh'],
  '/help': ['All commands', '所有命令'],
  '/quit': ['Leave', '退出'],
};

let language;
let clock;
let calendar;

// The text as a list with what fills its blanks, and as one string. What has no text is its own.
const phrase = (key, ...fillings) => (texts[key]?.[languages.indexOf(language)] ?? key)
  .split(/\{(\d)\}/).flatMap((part, i) => (i % 2 ? fillings[part] : part));
const words = (...args) => phrase(...args).join('');

function speak(chosen) {
  language = chosen;
  const tag = (document.documentElement.lang = words('tag'));
  clock = new Intl.DateTimeFormat(tag, { timeStyle: 'short', hourCycle: 'h23' });
  calendar = new Intl.DateTimeFormat(tag, { dateStyle: 'full' });
  for (const node of document.querySelectorAll('[data-text], [data-label]')) {
    const { text, label } = node.dataset;
    if (text) node.textContent = words(text);
    else node.ariaLabel = node.title = node.placeholder = words(label);
  }
}

// --- Small helpers

// The elements of the page: ui.peopleCount has the id people-count.
const ui = Object.fromEntries([...document.querySelectorAll('[id]')]
  .map((node) => [node.id.replace(/-(.)/g, (_, letter) => letter.toUpperCase()), node]));

// Makes an element, from "tag" or "tag.class".
function make(what, properties = {}, ...children) {
  const [tag, className = ''] = what.split('.');
  const node = Object.assign(document.createElement(tag), { className }, properties);
  node.append(...children);
  return node;
}

const button = (kind, onclick, what = words(kind)) => make(`button.${kind}`, { onclick }, what);

// What this browser, or this tab alone, remembers: until the page goes where it may not.
let kept = {};
let keptByTab = {};
try {
  [kept, keptByTab] = [localStorage, sessionStorage];
} catch {}

const bytesOf = (text) => new TextEncoder().encode(text);

// --- Names

let me = '';
let mention = /(?!)/; // finds my name in a text

// The hue comes from FNV-1a of the name in small ASCII letters.
function nameNode(name) {
  const bytes = bytesOf(name.replace(/[A-Z]/g, (letter) => letter.toLowerCase()));
  const hash = bytes.reduce((all, byte) => Math.imul(all ^ byte, 0x01000193), 0x811c9dc5);
  return make(`bdi.who hue-${(hash >>> 0) % HUES}`, {}, name);
}

function iAm(name) {
  me = wanted = name;
  kept['chatd.name'] = name;
  ui.me.replaceChildren(nameNode(name));
  const exactly = name.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
  // Chinese and the like put no spaces around a word: there any neighbour will do.
  const letter = /[\w\p{sc=Latin}\p{sc=Greek}\p{sc=Cyrillic}]/u;
  const foreign = letter.test(name) ? letter.source : '(?!)';
  mention = new RegExp(`(?<!${foreign})(${exactly})(?!${foreign})`, 'iu');
}

// --- Text

// Chinese punctuation ends a link: nobody puts a space before it. So does a bracket that it has
// not opened. Other punctuation at its end belongs to the sentence.
const LINK =
  /(https?:\/\/(?:[^\s()<>"'`‘-”…\u3000-\u303f\uff01-\uff60]|\([^\s()]*\))*(?<![.,;:!?*_~|\]]))/iu;

// Not for http://bank.example@evil.example, which leads elsewhere than it seems to.
function linkNode(link) {
  const url = URL.canParse(link) && new URL(link);
  if (!url || url.username || url.password) return link;
  return make('a', { href: url, title: url, target: '_blank', rel: 'noopener noreferrer' }, link);
}

function textNode(text) {
  const marked = (part) => part.split(mention).map((it, i) => (i % 2 ? make('mark', {}, it) : it));
  const parts = text.split(LINK).flatMap((it, i) => (i % 2 ? linkNode(it) : marked(it)));
  return make('span.text', { dir: 'auto' }, ...parts);
}

// --- Rows

const isSpoken = ({ type }) => /say|emote|tell/.test(type);
const isMine = (m) => m.own || (m.past && m.name === me);
const mentionsMe = (m) => isSpoken(m) && !isMine(m) && mention.test(m.text);

function nameNodes(names, count) {
  const list = names.flatMap((name) => [', ', nameNode(name)]).slice(1);
  if (count > names.length) list.push(` + ${count - names.length}`);
  return list;
}

function reasonOf({ words: last, reason, detail = '' }) {
  if (reason === 'quit') return last ? `: ${last}` : '';
  return ` (${`${words(reason)} ${detail}`.trim()})`;
}

// What rows say that have neither text nor words of their own.
const events = {
  join: (m) => phrase('join', nameNode(m.name)),
  leave: (m) => [...phrase('leave', nameNode(m.name)), reasonOf(m)],
  crowd: (m) => [
    ...(m.joined ? phrase('join', nameNodes(m.names_joined, m.joined)) : []),
    m.joined && m.left ? ' · ' : '',
    ...(m.left ? [...phrase('leave', nameNodes(m.names_left, m.left)), reasonOf(m)] : []),
  ],
  rename: (m) => phrase('rename', nameNode(m.name), nameNode(m.to)),
  who: (m) => tableNodes(m, m.members, ['name', 'pid', 'idle_ms', 'address']),
  ps: (m) => tableNodes(m, m.processes, ['name', 'pid', 'ppid', 'role', 'stat']),
};

function cellOf(key, value = '') {
  if (key === 'idle_ms') return Math.floor(value / 60_000);
  return key === 'name' ? nameNode(value) : value;
}

function tableNodes({ type, items }, count, keys) {
  const line = (tag, cell) => make('tr', {}, ...keys.map((key) => make(tag, {}, cell(key))));
  const lines = items.map((item) => line('td', (key) => cellOf(key, item[key])));
  const caption = make('caption', {}, `${words(`/${type} `)}: ${items.length} / ${count}`);
  return [make('table', {}, caption, line('th', words), ...lines)];
}

function speechNode(m) {
  const head = make('span.head', {}, nameNode(m.name), ' ');
  const time = make('time', { dateTime: m.time }, clock.format(new Date(m.time)));
  const speech = make('div.speech', {}, head, textNode(m.text), time);
  if (m.type !== 'tell') return speech;
  const [key, partner] = isMine(m) ? ['fromMe', m.to] : ['toMe', m.name];
  head.replaceChildren(...phrase(key, nameNode(partner)), ' ');
  if (!isMine(m)) speech.append(button('answer', () => compose(`/msg ${partner} `)));
  return speech;
}

function rowOf(m) {
  const event = () => make('div.event', {}, ...(events[m.type]?.(m) ?? [m.text ?? words(m.type)]));
  const row = make('div.row', { m }, isSpoken(m) ? speechNode(m) : event());
  Object.assign(row.dataset, { type: m.type, name: m.name ?? '' });
  if (isMine(m)) row.dataset.own = '';
  if (mentionsMe(m)) row.dataset.mention = '';
  return row;
}

// --- The log

// Rows lie in chunks, because a browser looks at every child of a box that it lays out. New ones
// wait, so that a flood leaves time for the rest, and what would be dropped at once is never made.
let rows = [];
const waiting = [];
let pinned = true; // the newest row is in sight and stays so
let end = 0; // how high the log was when the newest row came in sight
let fresh = 0; // what was said while it was not
let hasOlder = true; // /history may show more
let last = null; // what happened last

// A server that starts again counts from 1: a number alone says nothing.
const order = (a, b) => a.time.localeCompare(b.time) || a.seq - b.seq;

// What has no place in the room's order stands behind something that has.
const behind = ({ time, seq }, m) => ({ ...m, time, seq: Math.floor(seq) + 0.5 });

// The mark stands where the first missing one was: /history fills the rest from its end.
function missing(first) {
  hasOlder = true;
  return behind(first, { type: 'gap' });
}

function show(m) {
  if (!waiting.length) setTimeout(draw, 16);
  waiting.push(m);
  if (waiting.length > 2 * ROWS_MAX) waiting.unshift(missing(waiting.splice(0, ROWS_MAX)[0]));
}

function draw(count = ROWS_AT_ONCE) {
  const batch = waiting.splice(0, count);
  for (const m of batch) append(rowOf(m));
  if (waiting.length) setTimeout(draw, 16);
  if (!pinned) showFresh(fresh + batch.filter(isSpoken).length);
  if (pinned) dropOldest();
  else if (rows.length > 2 * ROWS_MAX) keepPlace(dropOldest);
}

function append(row) {
  if (!(ui.log.lastChild?.childElementCount < CHUNK_ROWS)) ui.log.append(make('div.chunk'));
  place(row, rows.at(-1));
  ui.log.lastChild.append(row);
  rows.push(row);
}

// What depends on the row above: does a day begin, does the same person go on?
function place(row, above) {
  const { m } = row;
  row.date = new Date(m.time);
  row.querySelector('.day')?.remove();
  const isNewDay = row.date.toDateString() !== above?.date.toDateString();
  if (isNewDay) row.prepend(make('p.day', {}, calendar.format(row.date)));
  row.toggleAttribute('data-follows', !isNewDay && /say|tell/.test(m.type)
    && ['type', 'name', 'to'].every((key) => m[key] === above.m[key])
    && row.date - above.date < SAME_BREATH_MS && !row.querySelector('.away'));
}

// Puts what happened before where it belongs, unless it is there. Nothing is missing in it.
function merge(past) {
  draw(Infinity);
  const old = rows.filter(({ m }) => m.type !== 'gap' || order(m, past[0]) < 0);
  const all = [...old, ...past.map(rowOf)].sort((a, b) => order(a.m, b.m));
  const isNews = ({ m }, i) => !m.past || !i || order(all[i - 1].m, m) !== 0;
  keepPlace(() => {
    rows = [];
    ui.log.replaceChildren();
    all.filter(isNews).forEach(append);
  });
}

// Changes the rows without moving the one that is read.
function keepPlace(change) {
  const { left, top, width } = ui.scroll.getBoundingClientRect();
  const stays = ({ m }) => m && m.type !== 'gap';
  const seen = document.elementsFromPoint(left + width / 2, top + 40).find(stays);
  const read = (seen ?? rows.find(stays))?.lastElementChild; // A day may go away above it.
  const before = read?.getBoundingClientRect().top;
  change();
  if (pinned) toNewest();
  else if (read?.isConnected) ui.scroll.scrollTop += read.getBoundingClientRect().top - before;
}

function dropOldest() {
  if (rows.length <= ROWS_MAX + CHUNK_ROWS) return;
  const mark = rowOf(missing(rows[0].m));
  while (rows.length > ROWS_MAX) {
    rows.splice(0, ui.log.firstChild.childElementCount);
    ui.log.firstChild.remove();
  }
  place(mark);
  place(rows[0], mark);
  ui.log.firstChild.prepend(mark);
  rows.unshift(mark);
}

function showFresh(count) {
  fresh = count;
  ui.newest.hidden = pinned;
  ui.newestCount.textContent = count || '';
}

function scrolled() {
  const { scrollTop, scrollHeight, clientHeight } = ui.scroll;
  // What has come since toNewest is no sign that somebody reads back.
  const height = pinned ? Math.min(end, scrollHeight) : scrollHeight;
  pinned = height - scrollTop - clientHeight < 48;
  if (pinned !== ui.newest.hidden) showFresh(0);
  if (scrollTop > 200 || (pinned && scrollHeight > clientHeight) || !hasOlder || !inRoom) return;
  hasOlder = false;
  ask(`/history ${HISTORY_MAX}`);
}

function toNewest() {
  pinned = true;
  ui.scroll.scrollTop = end = ui.scroll.scrollHeight;
  showFresh(0);
}

// --- Lines on their way

// Lines that were typed, until the server says what became of them. {typed, m: what it will look
// like, row, line: its number on this connection; 0: not sent; -1: sent on another}
const outbox = new Set();

const entryOf = (line) => [...outbox].find((entry) => entry.line === line);

// What the server will probably make of a line.
function meaningOf(typed) {
  if (typed.startsWith('/me ')) return { type: 'emote', text: typed.slice(4) };
  const type = /^\s*[/／][^/／]/u.test(typed) ? 'command' : 'say';
  return { type, text: typed.replace(/^\/\//, '/') };
}

// Certain to go to everybody, because private words are typed in many ways; and to be found again,
// because control characters are keys of terminals.
const isPublic = (typed) => /^(?:\/me |\/\/|(?!\P{L}*[/／])[\p{L}\p{N}])[\P{Cc}\t]*$/u.test(typed);

// Without what the server may clean away: spaces, marks, and what has no shape.
const core = ({ type, text }) => type + text.replace(/[\p{C}\p{M}\p{Z}\ufffd]/gu, '');

function post(typed) {
  const m = { name: me, own: true, time: new Date().toISOString(), ...meaningOf(typed) };
  const entry = { typed, m, row: rowOf(m), line: 0 };
  entry.row.dataset.pending = '';
  ui.outbox.append(entry.row);
  outbox.add(entry);
  const [, chosen] = /^[/／]lang\s+(en|zh)\s*$/i.exec(typed) ?? [];
  if (chosen) speak((kept['chatd.lang'] = chosen.toLowerCase()));
  if (inRoom && !returning) entry.line = transmit(typed);
}

function settle(entry) {
  outbox.delete(entry);
  entry?.row.remove();
}

// A line that was not said stays in sight, and its text within reach.
function fail(entry, why) {
  const { row, typed } = entry;
  outbox.delete(entry);
  delete row.dataset.pending;
  row.dataset.failed = '';
  const again = button('again', () => (row.remove(), compose(typed)));
  row.append(make('p.why', { role: 'alert' }, why, ' ', again));
}

// Returns whether nobody typed the line.
function answered(line) {
  const entry = entryOf(line);
  if (entry?.m.type === 'command') settle(entry);
  if (line === returning) caughtUp();
  return asked.delete(line);
}

// --- Who is here

const people = new Set(); // some who are certainly here
let members = 0;
let found = {}; // what /who said last; nothing when somebody may have come or gone unseen
let drawing = 0;
let asking = 0;

const prefix = () => ui.peopleFilter.value.trim();

function namesLike(start) {
  const isLike = (name) => name.toLowerCase().startsWith(start.toLowerCase());
  return [...people].filter(isLike).sort(new Intl.Collator(language).compare);
}

function countPeople(count) {
  members = Math.max(count, people.size);
  drawing ||= setTimeout(drawPeople, PEOPLE_MS);
}

function drawPeople() {
  drawing = 0;
  ui.peopleCount.textContent = members;
  if (ui.people.hidden) return;
  const names = namesLike(prefix());
  const more = (prefix() ? found.matching : members) - names.length;
  ui.peopleList.replaceChildren(...names.map((name) =>
    make('li', {}, button('', () => compose(`/msg ${name} `), nameNode(name)))));
  ui.peopleMore.textContent = more > 0 ? words('more', more) : '';
}

// Waits until the typing rests: /who costs as much as five lines.
function lookAtPeople(pause = PEOPLE_MS) {
  drawPeople();
  clearTimeout(asking);
  asking = setTimeout(() => {
    asking = 0;
    if (inRoom && found.prefix !== prefix()) ask(`/who ${prefix()}`);
  }, pause);
}

function takeNames(names, head) {
  found = head;
  if (!head.prefix) people.clear();
  for (const name of [me, ...names]) arrived(name, head.members);
}

function arrived(name, count = members) {
  people.add(name);
  if (people.size > PEOPLE_MAX) people.delete([...people][0]);
  countPeople(count);
}

// Nobody is certainly here when somebody has left unnamed.
function forgetPeople() {
  takeNames([], { members });
  if (!asking) lookAtPeople(PAUSE_MS_MAX * Math.random());
}

function openPeople(open) {
  ui.people.hidden = !open;
  ui.peopleButton.ariaExpanded = open;
  drawPeople();
}

function togglePeople() {
  openPeople(ui.people.hidden);
  (ui.people.hidden ? ui.peopleButton : ui.peopleFilter).focus();
  lookAtPeople();
}

// --- The connection

let socket = null;
let lines = 0; // sent on this connection
let limits = {};
let wanted = ''; // the name to come in with; empty: none
let nameAsked = false; // the server waits for a name
let refusal = null; // why it did not take the last one
let inRoom = false;
let tries = 0;
let retry = 0;
const asked = new Set(); // lines that nobody typed

function connect() {
  socket = new WebSocket(`/chat?lang=${language}`);
  socket.onmessage = ({ data }) => {
    const m = JSON.parse(data);
    m.past ? past.push(m) : on[m.type]?.(m);
  };
  socket.onclose = cut;
  [lines, nameAsked, refusal] = [0, false, null];
  asked.clear();
}

function transmit(line) {
  socket.send(line);
  return ++lines;
}

const ask = (line) => asked.add(transmit(line));

function cut() {
  if (!socket) return;
  socket.onmessage = socket.onclose = null;
  socket.close();
  socket = null;
  if (inRoom && !returning) seen = last;
  for (const entry of outbox) entry.line &&= -1;
  [inRoom, returning] = [false, 0];
  if (!wanted || ui.room.hidden) openDoor(refusal?.text ?? (wanted && words('unreachable')));
  else {
    if (refusal?.code !== 'name-taken') showStatus('cut', refusal?.text ?? words('cut'));
    retryLater();
  }
}

// The pauses grow, and differ from page to page.
function retryLater() {
  const pause = Math.min(PAUSE_MS_MAX, 1000 * 2 ** tries++);
  retry = setTimeout(retryNow, pause * (1 - Math.random() / 2));
}

function retryNow() {
  clearTimeout(retry);
  if (!wanted) return;
  if (!socket) connect();
  else if (nameAsked) transmit(wanted);
  nameAsked = false;
}

function showStatus(state, text) {
  ui.status.hidden = !state;
  ui.status.dataset.state = state;
  ui.statusText.textContent = text;
}

// --- Coming back

// Public lines that were not acknowledged are sent again, unless they are among what was missed.
let returning = 0; // the line that asks for what was missed, until it is answered
let seen = null; // what happened last before the cut, or before a gap

function catchUp(since) {
  seen = since;
  past = [];
  // All of it: how many were missed cannot be told, because a new server counts anew.
  ask(`/history ${HISTORY_MAX}`);
  returning = lines;
}

function caughtUp() {
  returning = 0;
  const isAll = past.length < HISTORY_MAX || order(past[0], seen) <= 0;
  if (!isAll) merge([missing(seen)]);
  const missed = rows.filter(({ m }) => m.past && order(m, seen) > 0);
  if (missed.length) {
    ui.log.querySelector('.away')?.remove();
    missed[0].prepend(make('p.away', {}, words('away')));
    missed[0].removeAttribute('data-follows');
  }
  for (const { m } of missed) {
    if (isMine(m)) settle([...outbox].find((entry) => entry.line && core(entry.m) === core(m)));
  }
  for (const entry of [...outbox]) {
    const { line, typed } = entry;
    // A new server would say "r yes", an answer without a slash. And what was sent on this
    // connection has been handled: a gap has swallowed the answer.
    const isAnswer = /^\s*[rｒ]\s/iu.test(typed);
    const isSafe = !line || (line < 0 && isAll && isPublic(typed));
    if (isSafe && !isAnswer) entry.line = transmit(typed);
    else fail(entry, words('unknown'));
  }
}

// --- What the server says

let past = []; // what happened before, while it comes
let answer; // to /who or /ps, while it comes

function happened(m) {
  last = m;
  if (m.own) settle(entryOf(m.line));
  show(m);
  if (!isSpoken(m)) return;
  arrived(m.name);
  if (!m.own) attract(m);
}

const remark = (m) => show(behind(last, m));

const on = {
  __proto__: null,

  hello(m) { limits = m.limits; },

  'name?'() {
    nameAsked = true;
    if (wanted && !refusal) retryNow();
    else if (!ui.room.hidden && refusal?.code === 'name-taken') {
      showStatus('held', words('held', wanted));
      retryLater();
    } else openDoor(refusal?.text);
  },

  welcome(m) {
    [inRoom, refusal, tries] = [true, null, 0];
    iAm(m.name);
    takeNames(m.names, m);
    showStatus('');
    openRoom();
    if (seen) catchUp(seen);
    last ??= m;
  },

  join(m) {
    arrived(m.name, members + !people.has(m.name));
    happened(m);
  },

  leave(m) {
    people.delete(m.name);
    countPeople(members - 1);
    happened(m);
  },

  crowd(m) {
    found = {};
    if (m.left > m.names_left.length) forgetPeople();
    for (const name of m.names_left) people.delete(name);
    countPeople(members + m.joined - m.left);
    for (const name of m.names_joined) arrived(name);
    happened(m);
  },

  rename(m) {
    people.delete(m.name);
    arrived(m.to);
    if (m.own) iAm(m.to);
    happened(m);
  },

  say: happened,
  emote: happened,
  tell: happened,

  gap(m) {
    iAm(m.name);
    forgetPeople();
    show(missing(last));
    if (outbox.size && !returning) catchUp(last);
  },

  closing: (m) => inRoom && remark(m),

  past({ state, line }) {
    if (state === 'begin') return (past = []);
    ui.log.ariaLive = 'off'; // What happened before is not read aloud.
    merge(past);
    setTimeout(() => (ui.log.ariaLive = 'polite'), 1000);
    answered(line);
  },

  who(m) { answer = { ...m, items: [] }; },
  ps: (m) => on.who(m),
  person(m) { answer.items.push(m); },
  process: (m) => on.person(m),

  end(m) {
    if (m.of === 'who') takeNames(answer.items.map(({ name }) => name), answer);
    if (!answered(m.line)) remark(answer);
  },

  notice(m) {
    if (/goodbye|operator-removes|idle-too-long/.test(m.code)) {
      [wanted, refusal] = ['', m.type === 'error' ? m : null];
    }
    if (answered(m.line)) return;
    if (inRoom) remark(m);
    else ui.nameError.textContent = m.text;
  },

  error(m) {
    if (!inRoom) return (refusal ??= m);
    const entry = entryOf(m.line);
    entry ? fail(entry, m.text) : on.notice(m);
  },
};

// --- Attention

let unread = 0;

function showUnread(count) {
  unread = count;
  document.title = count ? `(${count}) chatd` : 'chatd';
}

function attract(m) {
  if (!document.hidden) return;
  showUnread(unread + 1);
  if (!wantsNotes() || !(m.type === 'tell' || mentionsMe(m))) return;
  try {
    new Notification(m.name, { body: m.text, tag: 'chatd' }).onclick = () => window.focus();
  } catch {} // Browsers of telephones have the class, but do not let a page use it.
}

const wantsNotes = () => kept['chatd.notify'] === '1';

async function toggleNotifications() {
  const may = !wantsNotes() && await window.Notification?.requestPermission() === 'granted';
  kept['chatd.notify'] = may ? '1' : '0';
  ui.notifyButton.ariaPressed = may;
}

// --- The message field

let suggestions = [];
let choice = -1;
let from = 0; // what an accepted suggestion replaces: from here to the cursor

function compose(text) {
  ui.message.value = text;
  ui.message.focus();
  if (isNarrow()) openPeople(false);
  edited();
}

function edited() {
  const { message } = ui;
  message.style.height = 0;
  message.style.height = `${message.scrollHeight + 2}px`;
  const longest = Math.max(...message.value.split('\n').map((line) => bytesOf(line).length));
  const left = limits.line_bytes - longest;
  ui.note.textContent = left < limits.line_bytes / 10 ? words('bytesLeft', left) : '';
  ui.send.disabled = left < 0;
  suggest();
}

function submit() {
  const rest = ui.message.value.split('\n').filter((line) => line.trim());
  if (!rest.length || ui.send.disabled) return;
  const batch = rest.splice(0, LINES_AT_ONCE);
  const question = words('many', batch.length);
  if (batch.length > 1 && ui.note.textContent !== question) return (ui.note.textContent = question);
  batch.forEach(post);
  ui.message.value = rest.join('\n');
  edited();
  toNewest();
}

// What may stand where the cursor is: a command, a name, or with `anywhere` a name for any word.
function suggest(anywhere) {
  const before = ui.message.value.slice(0, ui.message.selectionStart).replace('／', '/');
  const word = /[^\s@＠]*$/u.exec(before)[0];
  from = before.length - word.length;
  let matching = [];
  if (/^\/\S*$/.test(before)) {
    matching = Object.keys(texts).filter((key) => key.startsWith(before.toLowerCase()));
  } else if (/^\/(msg|who|ps|tree)\s+\S*$/i.test(before) || (anywhere && word)) {
    const others = namesLike(word).filter((name) => name !== me).slice(0, SUGGESTED_MAX);
    matching = others.map((name) => `${name} `);
  }
  offer(matching[0] === word ? [] : matching);
}

function offer(matching, chosen = -1) {
  [suggestions, choice] = [matching, chosen];
  ui.suggest.hidden = !suggestions.length;
  ui.suggest.replaceChildren(...suggestions.map((text, i) => {
    const note = texts[text] ? make('small', {}, words(text)) : '';
    const onmousedown = (event) => (event.preventDefault(), accept(i));
    const id = `suggestion-${i}`;
    return make('div', { id, role: 'option', ariaSelected: i === choice, onmousedown }, text, note);
  }));
  ui.message.setAttribute('aria-activedescendant', choice < 0 ? '' : `suggestion-${choice}`);
  ui.suggest.children[choice]?.scrollIntoView({ block: 'nearest' });
}

const choose = (i) => offer(suggestions, (i + suggestions.length) % suggestions.length);

function accept(i) {
  ui.message.setRangeText(suggestions[i], from, ui.message.selectionStart, 'end');
  edited();
}

function pressed(event) {
  // An input method takes the key; 229 is what Safari says of the Enter that ends a composition.
  if (event.isComposing || event.keyCode === 229 || event.shiftKey) return;
  const { key } = event;
  if (key === 'Tab' && !suggestions.length) suggest(true);
  const isOpen = suggestions.length > 0;
  if (key === 'Enter') choice < 0 ? submit() : accept(choice);
  else if (!isOpen) return; // Tab goes on to the next button.
  else if (key === 'ArrowDown') choose(choice + 1);
  else if (key === 'ArrowUp') choose(Math.max(choice, 0) - 1);
  else if (key === 'Escape') offer([]);
  else if (key !== 'Tab') return;
  else if (choice < 0 && suggestions.length > 1) choose(0);
  else accept(Math.max(choice, 0));
  event.preventDefault();
  event.stopPropagation();
}

// --- Door, room, start

const isNarrow = () => matchMedia('(max-width: 52rem)').matches;

function openDoor(why = '') {
  wanted = '';
  keptByTab['chatd.in'] = '0';
  [ui.room.hidden, ui.door.hidden, ui.enterButton.disabled] = [true, false, false];
  ui.nameError.textContent = why;
  ui.name.ariaInvalid = why !== '';
  ui.name.focus();
}

function openRoom() {
  keptByTab['chatd.in'] = '1';
  if (!ui.room.hidden) return;
  [ui.room.hidden, ui.door.hidden] = [false, true];
  openPeople(!isNarrow());
  compose(ui.message.value);
}

function enter() {
  wanted = ui.name.value.trim();
  ui.enterButton.disabled = wanted !== '';
  ui.nameError.textContent = '';
  refusal = null;
  retryNow();
}

document.onsubmit = (event) => {
  event.preventDefault();
  event.target === ui.enter ? enter() : submit();
};
ui.message.onkeydown = pressed;
ui.message.oninput = edited;
ui.message.onblur = () => offer([]);
ui.scroll.onscroll = ui.scroll.onwheel = ui.scroll.ontouchmove = scrolled;
ui.newest.onclick = () => (toNewest(), ui.message.focus());
ui.retryNow.onclick = retryNow;
ui.peopleButton.onclick = togglePeople;
ui.peopleFilter.oninput = ui.people.onpointerenter = () => lookAtPeople();
ui.notifyButton.onclick = toggleNotifications;
ui.langButton.onclick = () => post(`/lang ${languages.find((other) => other !== language)}`);
document.onkeydown = ({ key }) => {
  if (key === 'Escape' && !ui.people.hidden) togglePeople();
};
document.onvisibilitychange = () => {
  if (document.hidden) return;
  showUnread(0);
  retryNow();
};
window.onoffline = cut; // The connection may not know it for minutes.
window.ononline = retryNow;

// Whatever changes a height, the newest row stays in sight.
const heights = new ResizeObserver(() => pinned && toNewest());
for (const box of [ui.scroll, ui.log, ui.outbox]) heights.observe(box);

const wishes = [kept['chatd.lang'], ...navigator.languages].map((tag) => tag?.slice(0, 2));
speak(wishes.find((tag) => languages.includes(tag)) ?? 'en');
ui.notifyButton.ariaPressed = wantsNotes();
ui.name.value = kept['chatd.name'] ?? '';
const wasHere = keptByTab['chatd.in'] === '1';
openDoor();
if (wasHere) enter(); // A reloaded page goes back to the room.

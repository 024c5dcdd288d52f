"use strict";
/* Search of a published site. The index names the posts of each pair of characters; the texts of
   those that have all pairs of all terms are loaded, and show which really match. */

const PER_PAGE = 20;
const LEAD = 30, EXCERPT = 120;
const parts = new Map();

/* Each file is a script that calls this function. */
function finewsSearch(name, data) {
  parts.get(name).arrived(data);
}

function part(name) {
  if (!parts.has(name)) {
    const waiting = {};
    waiting.data = new Promise((resolve, reject) => {
      waiting.arrived = resolve;
      const script = document.createElement("script");
      script.src = `${name}.js`;
      script.onerror = () => reject(new Error(name));
      document.head.append(script);
    });
    parts.set(name, waiting);
  }
  return parts.get(name).data;
}

/* The folded text, and where each of its characters is in the text. */
function fold(text, folding) {
  const folded = [], places = [];
  let place = 0;
  for (const character of text) {
    const plain = character.normalize("NFKC");
    let form = [...plain].length === 1 ? plain : character;
    if (/[\p{Cf}\p{Cs}\ufe00-\ufe0f]|\p{Default_Ignorable_Code_Point}/u.test(form)) form = "";
    else if (/\s|\p{Cc}/u.test(form)) form = folded.at(-1) === " " ? "" : " ";
    else if ("“”„‟".includes(form)) form = '"';
    form = [...form.toLowerCase()].length === 1 ? form.toLowerCase() : form;
    form = folding.get(form) ?? form;
    if (form) {
      folded.push(form);
      places.push(place);
    }
    place += character.length;
  }
  places.push(place);
  return { folded, places, text: folded.join("") };
}

/* The terms of a query: words or "phrases", and those that a minus excludes. */
function terms(query) {
  const found = [...query.matchAll(/(-?)(?:"([^"]+)"|(\S+))/gu)];
  return found
    .map(([, minus, phrase, word]) => ({ excluded: minus === "-", text: (phrase ?? word).trim() }))
    .filter((term) => term.text);
}

async function postsOf(term, about) {
  const characters = [...term];
  const pairs = characters.slice(0, -1).map((first, at) => first + characters[at + 1]);
  const lists = await Promise.all(
    (pairs.length ? pairs : [term]).map(async (pair) => {
      const shard = await part(`index/${pair.codePointAt(0) % about.shards}`);
      const names = pairs.length ? [pair] : Object.keys(shard).filter((key) => key.startsWith(term));
      const numbers = new Set();
      for (const name of names) {
        let number = 0;
        for (const difference of shard[name] ?? []) numbers.add((number += difference));
      }
      return numbers;
    }),
  );
  lists.sort((one, other) => one.size - other.size);
  return new Set([...lists[0]].filter((number) => lists.every((list) => list.has(number))));
}

/* Whether a post has all terms, and what to show of it. */
async function read(number, wanted, about, folding) {
  const texts = await part(`texts/${Math.floor(number / about.perFile)}`);
  const [title, page, time, media, digest, text] = texts[number % about.perFile];
  const fields = [title, digest, text].map((field) => fold(field, folding));
  const has = (term) => fields.some((field) => field.text.includes(term.text));
  if (!wanted.every((term) => has(term) !== term.excluded)) return null;
  return { page, time, media, title: fields[0], titleText: title, body: fields[2], bodyText: text };
}

/* Elements of a text with the terms marked, from a character of the folded text on. */
function marked({ folded, places }, text, wanted, start = 0, length = folded.length) {
  const hit = new Array(folded.length).fill(false);
  for (const { text: term, excluded } of wanted) {
    const characters = [...term];
    for (let at = start; !excluded && at + characters.length <= folded.length; at++) {
      if (characters.every((character, index) => folded[at + index] === character)) {
        hit.fill(true, at, at + characters.length);
      }
    }
  }
  const pieces = [];
  const end = Math.min(folded.length, start + length);
  for (let at = start; at < end; ) {
    let until = at;
    while (until < end && hit[until] === hit[at]) until++;
    const piece = text.slice(places[at], places[until]);
    if (hit[at]) {
      const mark = document.createElement("mark");
      mark.textContent = piece;
      pieces.push(mark);
    } else pieces.push(piece);
    at = until;
  }
  return pieces;
}

function shown(post, wanted) {
  const item = document.createElement("li");
  const time = document.createElement("time");
  time.textContent = post.time;
  const link = document.createElement("a");
  link.href = `../${post.page.split("/").map(encodeURIComponent).join("/")}`;
  link.append(...marked(post.title, post.titleText, wanted));
  const excerpt = document.createElement("small");
  const first = wanted
    .filter((term) => !term.excluded)
    .map((term) => post.body.text.indexOf(term.text))
    .find((at) => at >= 0);
  const start = Math.max(0, [...post.body.text.slice(0, first ?? 0)].length - LEAD);
  if (post.media) excerpt.append(`${post.media}　`);
  excerpt.append(...marked(post.body, post.bodyText, wanted, start, EXCERPT));
  link.append(excerpt);
  item.append(time, link);
  return item;
}

async function search(query) {
  const list = document.getElementById("found");
  const status = document.getElementById("status");
  const more = document.getElementById("more");
  list.replaceChildren();
  more.hidden = true;
  const about = await part("about");
  const folding = new Map([...(await part("folding")).matchAll(/(.)(.)/gsu)].map((pair) => [pair[1], pair[2]]));
  const wanted = terms(query).map((term) => ({ ...term, text: fold(term.text, folding).text.trim() })).filter((term) => term.text);
  const included = wanted.filter((term) => !term.excluded);
  if (!included.length) {
    status.textContent = about.textsSince ? status.dataset.since.replace("DATE", about.textsSince) : "";
    return;
  }
  const lists = await Promise.all(included.map((term) => postsOf(term.text, about)));
  const numbers = [...lists[0]].filter((number) => lists.every((list) => list.has(number)));
  numbers.sort((one, other) => other - one);
  let next = 0, count = 0;
  const page = async () => {
    const until = count + PER_PAGE;
    while (count < until && next < numbers.length) {
      const post = await read(numbers[next++], wanted, about, folding);
      if (post) {
        list.append(shown(post, wanted));
        count++;
      }
    }
    more.hidden = next >= numbers.length;
    status.textContent = count ? "" : status.dataset.none;
  };
  more.onclick = page;
  await page();
}

function run() {
  const query = new URLSearchParams(location.search).get("q") ?? "";
  document.getElementById("q").value = query;
  search(query).catch((error) => {
    document.getElementById("status").textContent = `${document.getElementById("status").dataset.failed} ${error.message}`;
  });
}

document.getElementById("search").addEventListener("submit", (event) => {
  event.preventDefault();
  const query = document.getElementById("q").value.trim();
  history.pushState(null, "", `?${new URLSearchParams({ q: query })}`);
  run();
});
addEventListener("popstate", run);
run();

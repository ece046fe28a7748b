// The plain form: uploads one recording, asks how far it is, shows and saves its text. The page of web/ does more.
'use strict';

const at = (id) => document.getElementById(id);
const form = at('form');
const POLL_S = 25;
const AGAIN_MS = 3000;
let job = null;

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  const file = at('file').files[0];
  const body = new FormData(form);
  show(file.name);
  form.querySelector('button').disabled = true;
  try {
    job = await upload(body);
    await follow();
  } catch (error) {
    tell(error);
  } finally {
    form.querySelector('button').disabled = false;
  }
});

at('cancel').addEventListener('click', () => call(`job/${job.job_id}?only=active`, { method: 'DELETE' }).catch(tell));

at('downloads').addEventListener('click', async (event) => {
  const format = event.target.dataset.format;
  if (!format) return;
  try {
    const blob = await (await call(`result/${job.job_id}?format=${format}`)).blob();
    const link = document.createElement('a');
    link.href = URL.createObjectURL(blob);
    link.download = `${at('name').textContent.replace(/\.[^.]*$/, '')}.${format === 'text' ? 'txt' : format}`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  } catch (error) {
    tell(error);
  }
});

function show(name) {
  job = null;
  at('name').textContent = name;
  at('job').hidden = false;
  at('cancel').hidden = true;
  at('trouble').hidden = true;
  at('result').hidden = true;
}

// By XMLHttpRequest: fetch does not tell how far an upload is.
function upload(body) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', 'transcribe');
    for (const [name, value] of Object.entries(headers())) request.setRequestHeader(name, value);
    request.upload.onprogress = ({ loaded, total }) => say(`Uploading, ${Math.floor((100 * loaded) / total)} %`, loaded / total);
    request.onload = () => {
      const answer = read(request.responseText);
      if (request.status < 400) resolve(answer);
      else reject(answer);
    };
    request.onerror = () => reject({ detail: 'The server does not answer.', hint: 'Try again when the connection is back.' });
    request.send(body);
  });
}

async function follow() {
  at('cancel').hidden = false;
  for (let tag = null; ; ) {
    const asked = { Prefer: `wait=${POLL_S}` };
    if (tag) asked['If-None-Match'] = tag;
    const answer = await call(`status/${job.job_id}`, { headers: asked }).catch((error) => {
      // An outage is waited out; whatever the server refuses is not.
      if (error.status && error.status < 500) throw error;
      return null;
    });
    if (answer === null) {
      say('The server does not answer; asking again', null);
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
      continue;
    }
    if (answer.status === 304) continue;
    tag = answer.headers.get('ETag');
    if (await hasEnded(await answer.json())) return;
  }
}

async function hasEnded(status) {
  const { status: state, progress, position, error } = status;
  if (state === 'queued') say(position ? `Waiting, number ${position} in line` : 'Waiting', null);
  if (state === 'processing') say(`Transcribing, ${Math.floor(progress * 100)} %`, progress || null);
  if (state === 'queued' || state === 'processing') return false;
  at('cancel').hidden = true;
  at('job').hidden = state === 'failed';
  say(state === 'completed' ? 'Done' : 'Cancelled', state === 'completed' ? 1 : 0);
  if (state === 'failed') tell({ detail: error.message, hint: error.hint, code: error.code });
  if (state === 'completed') {
    const result = await (await call(`result/${job.job_id}`)).json();
    at('text').textContent = result.segments.map((segment) => segment.text.trim()).join(' ') || 'No speech was found.';
    at('result').hidden = false;
  }
  return true;
}

function headers() {
  const key = at('key').value.trim();
  return key ? { Authorization: `Bearer ${key}` } : {};
}

async function call(path, options = {}) {
  const answer = await fetch(path, { ...options, headers: { ...headers(), ...options.headers } });
  if (answer.status < 400) return answer;
  throw { status: answer.status, ...read(await answer.text()) };
}

function read(text) {
  try {
    return JSON.parse(text);
  } catch {
    return { detail: 'Something between here and the server answered in its place.', hint: '' };
  }
}

function say(words, share) {
  at('state').textContent = words;
  const bar = at('progress');
  if (share === null) bar.removeAttribute('value');
  else bar.value = share;
}

function tell(problem) {
  const what = problem.detail || problem.message || String(problem);
  at('trouble-what').textContent = what.charAt(0).toUpperCase() + what.slice(1);
  at('trouble-hint').textContent = problem.hint || '';
  at('trouble-code').textContent = problem.code || '';
  at('trouble').hidden = false;
  if (!job) at('job').hidden = true;
}

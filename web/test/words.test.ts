import { ApiError, type JobStatus, NetworkError } from '@stenopool/client';
import { describe, expect, test } from 'vitest';
import { languageName, LANGUAGES } from '../src/handin/languages';
import { routeOf } from '../src/route';
import { fieldsOfJob } from '../src/transcript/request';
import { nameOf } from '../src/transcript/save';
import { isOfTheFile, troubleOf } from '../src/words/problems';
import { etaLine, stateLine } from '../src/words/states';
import { about, clock, ordinal, size, when } from '../src/words/times';

function job(news: Partial<JobStatus>): JobStatus {
  return { status: 'queued', progress: 0, stage: null, position: null, eta_seconds: null, ...news } as JobStatus;
}

function refusal(code: string, detail: string, hint = ''): ApiError {
  return new ApiError({ type: '', title: '', status: 422, detail, code, hint, instance: '' });
}

test.each([
  [7, '0:07'],
  [750, '12:30'],
  [7500, '2:05:00'],
])('%d seconds are %s', (seconds, words) => expect(clock(seconds)).toBe(words));

test.each([
  [3, 'a few seconds'],
  [31, 'about 40 s'],
  [75, 'about a minute'],
  [1500, 'about 25 min'],
  [4000, 'about an hour'],
  [20_000, 'about 6 h'],
  [400_000, 'about 5 days'],
])('an estimate of %d seconds is %s', (seconds, words) => expect(about(seconds)).toBe(words));

test.each([
  [812, '812 bytes'],
  [92_030, '92 kB'],
  [1_540_000, '1.5 MB'],
  [48_000_000, '48 MB'],
  [2_400_000_000, '2.4 GB'],
])('%d bytes are %s', (bytes, words) => expect(size(bytes)).toBe(words));

test('days are told when they are not today', () => {
  const now = new Date(2026, 10, 25, 12);
  expect(when(new Date(2026, 10, 25, 9, 5).toISOString(), now)).toMatch(/9[:.]05/);
  expect(when(new Date(2026, 9, 2).toISOString(), now)).not.toContain('2026');
  expect(when(new Date(2024, 9, 2).toISOString(), now)).toContain('2024');
});

test('places in a line', () => expect([1, 2, 3, 4, 11, 21].map(ordinal)).toEqual(['1st', '2nd', '3rd', '4th', '11th', '21st']));

describe('what a job is doing', () => {
  test.each([
    [job({}), 'Waiting'],
    [job({ position: 3 }), 'Waiting, 3rd in line'],
    [job({ status: 'processing', stage: 'prepare' }), 'Reading the recording'],
    [job({ status: 'processing', progress: 0.999 }), 'Transcribing, 99 %'],
    [job({ status: 'completed', progress: 1 }), 'Done'],
  ])('is told in words', (status, words) => expect(stateLine(status)).toBe(words));

  test('and how long it takes only where somebody knows', () => {
    expect(etaLine(job({ eta_seconds: null }))).toBe('');
    expect(etaLine(job({ eta_seconds: 130 }))).toBe('about 2 min left');
  });
});

describe('trouble', () => {
  test('that people meet is told plainly', () => {
    const trouble = troubleOf(refusal('not_audio', 'kind text/plain is not accepted'));
    expect(trouble).toMatchObject({ what: 'This is not a recording.', code: 'not_audio' });
    expect(isOfTheFile(trouble)).toBe(true);
  });

  test('of other kinds speaks for itself, in sentences', () => {
    expect(troubleOf(refusal('brand_new', 'the moon is full', 'wait a week'))).toEqual({ what: 'The moon is full.', hint: 'Wait a week.', code: 'brand_new' });
  });

  test('without an answer has no code', () => expect(troubleOf(new NetworkError('x'))).toMatchObject({ code: '' }));
});

test('every language has a name', () => {
  expect(LANGUAGES).toHaveLength(100);
  for (const { code, name } of LANGUAGES) expect(name.toLowerCase(), code).not.toBe(code);
  expect(languageName('jw')).toBe('Javanese');
});

test.each([
  ['talk.mp3', 'talk.srt'],
  ['a.b.c', 'a.b.srt'],
  ['talk', 'talk.srt'],
  ['.mp3', 'transcript.srt'],
])('the subtitles of %s are %s', (recording, file) => expect(nameOf(recording, 'srt')).toBe(file));

test('a job’s request leaves out what is so anyway', () => {
  const options = { language: 'en', task: 'transcribe', beam_size: 5, vad_filter: false, initial_prompt: null, unknown: 1 };
  expect(fieldsOfJob({ options })).toEqual({ language: 'en', vad_filter: false });
  expect(fieldsOfJob({ options: null })).toEqual({});
});

test('addresses lead to jobs, wrong ones home', () => {
  expect(routeOf('#/jobs/abc')).toEqual({ name: 'job', id: 'abc' });
  expect(['', '#/', '#main', '#/jobs/%', '#/jobs/a/b'].map((hash) => routeOf(hash).name)).toEqual(Array(5).fill('home'));
});

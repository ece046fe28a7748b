import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { shell, snippet } from '../src/snippets/snippets';

const NAMES = ['talk.mp3', 'my talk.mp3', `it's "5" $HOME \`id\`; a,b\\c.mp3`, '-n.mp3', 'two\nlines.mp3', 'Grüße 😀.mp3', '@x.mp3'];
const FIELDS = { language: 'en', word_timestamps: true, initial_prompt: `"it's" <x> @y $z`, beam_size: 3 };
const ADDRESS = 'http://127.0.0.1:8000';

/** What a program would be given: `curl` and the others replaced by one that prints its arguments. */
function argumentsOf(script: string): string[][] {
  const told = execFileSync('sh', ['-c', `curl() { printf '%s\\0' "$@"; printf '\\1'; }\n${script}`], { encoding: 'utf8' });
  return told.split('\x01').filter((call) => call !== '').map((call) => call.split('\0').slice(0, -1));
}

describe.each(NAMES)('a recording called %j', (filename) => {
  test('reaches curl as one argument, and curl reads its name as it is', () => {
    const [submit] = argumentsOf(snippet('curl', { filename, fields: FIELDS, address: ADDRESS }));
    const form = submit![submit!.indexOf('-F') + 1]!;
    expect(form.startsWith('file=@')).toBe(true);
    const written = form.slice('file=@'.length);
    const read = written.startsWith('"') ? written.slice(1, -1).replace(/\\(["\\])/g, '$1') : written;
    expect(read).toBe(filename.startsWith('-') ? `./${filename}` : filename);
    expect(written.startsWith('"') || !/[;,]/.test(written)).toBe(true);
    expect(submit).toContain(`initial_prompt=${FIELDS.initial_prompt}`);
    expect(submit!.at(-1)).toBe(`${ADDRESS}/transcribe`);
  });

  test('is a string of Python, with values of Python', () => {
    const code = snippet('Python', { filename, fields: FIELDS, address: ADDRESS });
    const program = `import ast, json, sys
call = next(n for n in ast.walk(ast.parse(sys.stdin.read())) if isinstance(n, ast.Call) and getattr(n.func, "attr", "") == "submit")
print(json.dumps([ast.literal_eval(call.args[0]), {k.arg: ast.literal_eval(k.value) for k in call.keywords}]))`;
    const told: unknown = JSON.parse(execFileSync('python3', ['-c', program], { input: code, encoding: 'utf8' }));
    expect(told).toEqual([filename, FIELDS]);
  });

  test('is a string of TypeScript', () => {
    const code = snippet('TypeScript', { filename, fields: FIELDS, address: ADDRESS });
    const [, argument] = /submitTranscription\(await fileFromPath\((".*?")\), \{/s.exec(code)!;
    expect(JSON.parse(argument!)).toBe(filename);
    execFileSync('node', ['--check', '--input-type=module', '-'], { input: code });
  });
});

test('what is plain stays plain', () => {
  expect(shell('file=@talk.mp3')).toBe('file=@talk.mp3');
  expect(snippet('TypeScript', { filename: 'a.mp3', fields: {}, address: ADDRESS })).toContain(`fileFromPath("a.mp3"));`);
});

import { styleText } from 'node:util';
import { isColoured } from './doctor-output.ts';
import type { FieldReport, Place } from './preview-loss.ts';
import type { PreviewRequest } from './preview-request.ts';
import { escapeControls } from './sink-output.ts';
import { countText } from './spool-output.ts';

/** What a platform would get of the record, and what became of each of its values. */
export interface PlatformPreview {
  readonly platform: string;
  readonly requests: readonly PreviewRequest[];
  readonly fields: readonly FieldReport[];
}

type State = 'own' | 'free' | 'cut' | 'redacted' | 'lost';
type Paint = (state: State, text: string) => string;

const COLOURS = { own: 'green', free: 'green', cut: 'yellow', redacted: 'yellow', lost: 'red' } as const;
const SIGNS: Readonly<Record<State, string>> = { own: '✓', free: '○', cut: '!', redacted: '█', lost: '✗' };
const INDENT = '  ';

function painter(): Paint {
  const coloured = isColoured(process.env, process.stdout.isTTY === true);
  return coloured
    ? (state, text) => styleText(COLOURS[state], text, { validateStream: false })
    : (_state, text) => text;
}

/** Whether a value has a field of its own, is among free-form data, lost its end, is taken out, or is nowhere. */
export function stateOf({ places }: FieldReport): State {
  if (places.length === 0) return 'lost';
  if (places.every(({ form }) => form === 'redacted')) return 'redacted';
  const whole = places.filter(({ form }) => form !== 'cut');
  if (whole.length === 0) return 'cut';
  return whole.some(({ field }) => field === 'own') ? 'own' : 'free';
}

function placeText({ path, form, value }: Place): string {
  if (form === 'within') return `inside ${path}`;
  if (form === 'implied') return `left out: what ${path} means when it is not there`;
  if (form === 'cut') return `${path}, cut to ${String(value).length} characters`;
  if (form === 'redacted') return `${path} = ${JSON.stringify(value ?? '')}, taken out as a secret`;
  return form === 'converted' ? `${path} = ${JSON.stringify(value)}` : path;
}

const MOST_PLACES = 3;

function fieldText(field: FieldReport, width: number, paint: Paint): string {
  const state = stateOf(field);
  const shown = field.places.slice(0, MOST_PLACES).map(placeText);
  const more = field.places.length > MOST_PLACES ? ` and ${field.places.length - MOST_PLACES} more` : '';
  const where = state === 'lost' ? paint('lost', 'no place') : `${shown.join('; ')}${more}`;
  return `${INDENT}${paint(state, SIGNS[state])} ${escapeControls(field.name).padEnd(width)}  ${escapeControls(where)}\n`;
}

function requestText({ method, url, headers, body, bytes }: PreviewRequest): string {
  const heads = Object.entries(headers).map(([name, value]) => `${INDENT}${name}: ${escapeControls(value)}\n`);
  const pretty = JSON.stringify(JSON.parse(body), undefined, 2);
  // Line by line: a body is escaped by JSON already, but for what JSON leaves as it is.
  const lines = pretty.split('\n').map((line) => `${INDENT}${escapeControls(line)}\n`);
  return `${method} ${escapeControls(url)} (${countText(bytes, 'byte')})\n${heads.join('')}\n${lines.join('')}`;
}

function summary(fields: readonly FieldReport[]): string {
  const count = (state: State): number => fields.filter((field) => stateOf(field) === state).length;
  const parts = [`${count('own')} in fields of the platform`, `${count('free')} in free-form data`];
  if (count('cut') > 0) parts.push(`${count('cut')} cut`);
  if (count('redacted') > 0) parts.push(`${count('redacted')} redacted`);
  parts.push(`${count('lost')} without a place`);
  return `Of ${countText(fields.length, 'value')}: ${parts.join(', ')}\n`;
}

function platformText({ platform, requests, fields }: PlatformPreview, paint: Paint): string {
  const width = Math.min(48, Math.max(0, ...fields.map(({ name }) => name.length)));
  const rows = fields.map((field) => fieldText(field, width, paint));
  return `── ${platform} ──\n\n${requests.map(requestText).join('\n')}\n${summary(fields)}${rows.join('')}`;
}

/** The previews for people. */
export function previewText(previews: readonly PlatformPreview[]): string {
  const paint = painter();
  return previews.map((preview) => platformText(preview, paint)).join('\n');
}

/** The previews as one JSON document; `lost` and `cut` name the values that did not arrive whole. */
export function previewJson(shape: string, previews: readonly PlatformPreview[]): string {
  const platforms = previews.map(({ platform, requests, fields }) => ({
    platform,
    requests: requests.map((request) => ({ ...request, body: JSON.parse(request.body) as unknown })),
    // Without the value that was given: what is a secret in it is known from the payload only.
    fields: fields.map(({ name, places }) => ({ name, places, state: stateOf({ name, places }) })),
    lost: fields.filter((field) => stateOf(field) === 'lost').map(({ name }) => name),
    cut: fields.filter((field) => stateOf(field) === 'cut').map(({ name }) => name),
    redacted: fields.filter((field) => stateOf(field) === 'redacted').map(({ name }) => name),
  }));
  return `${JSON.stringify({ shape, platforms }, undefined, 2)}\n`;
}

/** The bodies as they would be sent, one a line. */
export function previewRaw(previews: readonly PlatformPreview[]): string {
  return previews.flatMap(({ requests }) => requests.map(({ body }) => `${body}\n`)).join('');
}

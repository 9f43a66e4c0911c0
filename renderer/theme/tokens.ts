// The colours of both themes, in one place: the MUI palette and the CSS variables (--bg, --text-2, ...) both come from here.

export interface Tokens {
  bg: string
  surface: string
  surface2: string
  surface3: string
  border: string
  border2: string
  control: string
  text: string
  text2: string
  text3: string
  accent: string
  accent2: string
  onAccent: string
  accentSoft: string
  accentLine: string
  band: string
  bar: string
  warn: string
  warnFill: string
  warnSoft: string
  warnLine: string
  err: string
  err2: string
  onErr: string
  errSoft: string
  errLine: string
  ok: string
  okSoft: string
  rail: string
  rail2: string
  railText: string
  railHi: string
  railMark: string
  railCount: string
  code: string
  shadow: string
  shadow2: string
}

export const lightTokens: Tokens = {
  bg: '#F3F5F7',
  surface: '#FFFFFF',
  surface2: '#F8FAFB',
  surface3: '#EBEFF3',
  border: '#DDE4EA',
  border2: '#C3CDD6',
  control: '#7B8A97',
  text: '#14212B',
  text2: '#41505D',
  text3: '#5B6A77',
  accent: '#0B5F70',
  accent2: '#084A57',
  onAccent: '#FFFFFF',
  accentSoft: '#E2F0F2',
  accentLine: '#9CC9D1',
  band: '#CFE5E9',
  bar: '#0B5F70',
  warn: '#8A5200',
  warnFill: '#D18A0B',
  warnSoft: '#FDF4E1',
  warnLine: '#EACB8C',
  err: '#B3261E',
  err2: '#8F1D17',
  onErr: '#FFFFFF',
  errSoft: '#FCECEA',
  errLine: '#F0BAB5',
  ok: '#1F6B4A',
  okSoft: '#E5F3EC',
  rail: '#15242E',
  rail2: '#21343F',
  railText: '#C6D2DA',
  railHi: '#FFFFFF',
  railMark: '#5CC0D0',
  railCount: '#2F4653',
  code: '#F4F7F9',
  shadow: '0 1px 2px rgba(20,33,43,.06)',
  shadow2: '0 6px 20px rgba(20,33,43,.16),0 1px 3px rgba(20,33,43,.14)',
}

export const darkTokens: Tokens = {
  bg: '#0E151A',
  surface: '#162028',
  surface2: '#1A2630',
  surface3: '#24323D',
  border: '#293743',
  border2: '#3C4D5A',
  control: '#71848F',
  text: '#E7EDF1',
  text2: '#B7C3CC',
  text3: '#96A6B2',
  accent: '#62C3D2',
  accent2: '#8AD6E1',
  onAccent: '#06222A',
  accentSoft: '#12343D',
  accentLine: '#2F6A76',
  band: '#1B424C',
  bar: '#62C3D2',
  warn: '#F0BC5E',
  warnFill: '#E0A030',
  warnSoft: '#2E2614',
  warnLine: '#65511F',
  err: '#F49A92',
  err2: '#F7B5AF',
  onErr: '#2B0B09',
  errSoft: '#371C1B',
  errLine: '#743530',
  ok: '#74CBA0',
  okSoft: '#163329',
  rail: '#0A1014',
  rail2: '#1B2832',
  railText: '#B7C3CC',
  railHi: '#FFFFFF',
  railMark: '#62C3D2',
  railCount: '#2F4653',
  code: '#111A20',
  shadow: '0 1px 2px rgba(0,0,0,.3)',
  shadow2: '0 8px 24px rgba(0,0,0,.55),0 1px 3px rgba(0,0,0,.5)',
}

/** accentSoft becomes --accent-soft, surface2 becomes --surface-2. */
export function cssVariableName(token: string): string {
  return `--${token.replace(/[A-Z]|\d+/g, (part) => `-${part.toLowerCase()}`)}`
}

export function cssVariables(tokens: Tokens): Record<string, string> {
  return Object.fromEntries(Object.entries(tokens).map(([token, value]) => [cssVariableName(token), value]))
}

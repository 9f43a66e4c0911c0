// Cuts a stream of bytes into lines of text, whatever the borders of the chunks are.
import { StringDecoder } from 'node:string_decoder'
import { TextDecoder } from 'node:util'
import type { Redactor } from './redact'

export interface LineCutter {
  push(chunk: Buffer): void
  /** Hands on what is left without a line end. */
  end(): void
}

const pieceLength = 64 * 1024

/**
 * LF, CR LF and a lone CR (progress meters) each end a line. A line of more than 64 Ki characters comes in pieces, so
 * that memory stays bounded; secrets are replaced before it is cut, and what may be the beginning of one is held back.
 */
export function cutLines(onLine: (line: string) => void, redactor?: Redactor, encoding = 'utf-8'): LineCutter {
  const decoder = decoderFor(encoding)
  const hold = Math.max(0, (redactor?.longest ?? 0) - 1)
  let rest = ''
  let afterCr = false

  const emit = (line: string) => {
    let left = redactor ? redactor.apply(line) : line
    for (let end = pieceEnd(left, pieceLength); end < left.length; end = pieceEnd(left, pieceLength)) {
      onLine(left.slice(0, end))
      left = left.slice(end)
    }
    onLine(left)
  }

  const take = (decoded: string) => {
    let text = decoded
    if (afterCr && text !== '') {
      if (text.startsWith('\n')) text = text.slice(1)
      afterCr = false
    }
    let from = 0
    for (const end of text.matchAll(/\r\n|\n|\r/g)) {
      emit(rest + text.slice(from, end.index))
      rest = ''
      from = end.index + end[0].length
      afterCr = end[0] === '\r' && from === text.length
    }
    rest += text.slice(from)
    while (rest.length > pieceLength + hold) cutPiece()
  }

  const cutPiece = () => {
    if (redactor) rest = redactor.apply(rest)
    const end = pieceEnd(rest, Math.min(pieceLength, rest.length - hold))
    if (end <= 0) return
    onLine(rest.slice(0, end))
    rest = rest.slice(end)
  }

  return {
    push: (chunk) => take(decoder.write(chunk)),
    end: () => {
      take(decoder.end())
      if (rest !== '') emit(rest)
      rest = ''
    },
  }
}

/** By the names of TextDecoder. */
function decoderFor(encoding: string): Pick<StringDecoder, 'write' | 'end'> {
  if (encoding === 'utf-8') return new StringDecoder('utf8')
  const decoder = new TextDecoder(encoding)
  return {
    write: (chunk) => (typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true })),
    end: () => decoder.decode(),
  }
}

/** Where to cut: at `most` characters, but not between the halves of one. */
function pieceEnd(text: string, most: number): number {
  if (most >= text.length) return text.length
  const last = text.charCodeAt(most - 1)
  return last >= 0xd800 && last <= 0xdbff && most > 1 ? most - 1 : most
}

// Copies a text to the clipboard and says so.
import { type ReactNode, useEffect, useState } from 'react'
import { Button } from './Button'

export function CopyButton({ text, children = 'Copy', size = 'xs' }: { text: string; children?: ReactNode; size?: 'xs' | 's' }) {
  const [state, setState] = useState<'idle' | 'copied' | 'failed'>('idle')
  useEffect(() => {
    if (state === 'idle') return
    const timer = setTimeout(() => setState('idle'), 2000)
    return () => clearTimeout(timer)
  }, [state])
  const copy = () => {
    navigator.clipboard.writeText(text).then(
      () => setState('copied'),
      () => setState('failed'),
    )
  }
  return (
    <>
      <Button size={size} icon={state === 'copied' ? 'check' : 'clip'} onClick={copy}>
        {state === 'copied' ? 'Copied' : state === 'failed' ? 'Not allowed' : children}
      </Button>
      <span className="sr" role="status">
        {state === 'copied' ? 'Copied to the clipboard' : ''}
      </span>
    </>
  )
}

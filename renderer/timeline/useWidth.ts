// How wide a part of the window is, in pixels.
import { useLayoutEffect, useState } from 'react'

/** The width of an element in pixels, from its first layout on. */
export function useWidth(element: { current: HTMLElement | null }): number {
  const [width, setWidth] = useState(1190)
  useLayoutEffect(() => {
    const node = element.current
    if (node === null) return
    const read = () => {
      if (node.clientWidth > 0) setWidth(Math.max(480, node.clientWidth))
    }
    read()
    const observer = new ResizeObserver(read)
    observer.observe(node)
    return () => observer.disconnect()
  }, [element])
  return width
}

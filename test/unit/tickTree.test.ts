// Ticks of a tree: three states, what a tick brings about, what is shown; for any tree and any clicks.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { moveTo } from '../../renderer/components/tree/treeKeys'
import {
  allTicks,
  setTick,
  type Ticks,
  type TreeShape,
  tickState,
  ticksOf,
  treeShape,
  visibleNodes,
  withParents,
} from '../../shared/model/tickTree'

/** Any tree: each node is at most one deeper than the one before; some nodes have ticks of their own. */
const anyTree = fc
  .array(fc.record({ step: fc.integer({ min: -3, max: 1 }), own: fc.integer({ min: 0, max: 2 }) }), {
    minLength: 1,
    maxLength: 40,
  })
  .map((nodes) => {
    let depth = -1
    const depths = nodes.map(({ step }, index) => {
      depth = index === 0 ? 0 : Math.max(0, Math.min(depth + 1, depth + step))
      return depth
    })
    const own = (least: number) => Uint8Array.from(nodes, (node) => (node.own >= least ? 1 : 0))
    return treeShape(depths, [own(1), own(2)])
  })
const anyClicks = fc.array(fc.record({ node: fc.nat(), column: fc.integer({ min: 0, max: 1 }), on: fc.boolean() }), {
  maxLength: 12,
})

const click = (shape: TreeShape, clicks: readonly { node: number; column: number; on: boolean }[]): Ticks =>
  clicks.reduce((ticks, { node, column, on }) => setTick(shape, ticks, node % shape.size, column, on), allTicks(shape, true))

describe('ticks', () => {
  it('count what is below, whatever was clicked', () => {
    fc.assert(
      fc.property(anyTree, anyClicks, (shape, clicks) => {
        const ticks = click(shape, clicks)
        for (let node = 0; node < shape.size; node += 1) {
          for (const column of [0, 1]) {
            let [total, set] = [0, 0]
            for (let at = node; at < (shape.end[node] ?? 0); at += 1) {
              if (shape.own[column]?.[at] !== 1) continue
              total += 1
              if (ticks.columns[column]?.[at] === 1) set += 1
            }
            const expected = total === 0 ? 'none' : set === 0 ? 'off' : set === total ? 'on' : 'mixed'
            expect(tickState(shape, ticks, node, column)).toBe(expected)
          }
        }
      }),
    )
  })

  it('never have rows without their definition, nor a child without a parent that has a tick of its own', () => {
    fc.assert(
      fc.property(anyTree, anyClicks, (shape, clicks) => {
        const { columns } = click(shape, clicks)
        for (let node = 0; node < shape.size; node += 1) {
          if (shape.own[0]?.[node] === 1 && columns[1]?.[node] === 1) expect(columns[0]?.[node]).toBe(1)
          const parent = shape.parent[node] ?? -1
          if (parent >= 0 && shape.own[0]?.[parent] === 1 && columns[0]?.[node] === 1) expect(columns[0]?.[parent]).toBe(1)
        }
      }),
    )
  })

  it('are all on below what was just ticked and all off below what was just unticked', () => {
    fc.assert(
      fc.property(anyTree, anyClicks, fc.nat(), fc.boolean(), (shape, clicks, where, on) => {
        const node = where % shape.size
        const ticks = setTick(shape, click(shape, clicks), node, 0, on)
        for (const column of [0, 1]) expect(['none', on ? 'on' : 'off']).toContain(tickState(shape, ticks, node, column))
      }),
    )
  })

  it('leave the rest alone when a filtered tree is ticked', () => {
    const shape = treeShape([0, 1, 1, 1], [Uint8Array.of(0, 1, 1, 1), Uint8Array.of(0, 1, 1, 0)])
    const ticks = setTick(shape, allTicks(shape, true), 0, 0, false, Uint8Array.of(0, 0, 1, 0))
    expect([...(ticks.columns[0] ?? [])]).toEqual([0, 1, 0, 1])
    expect([...(ticks.columns[1] ?? [])]).toEqual([0, 1, 0, 0])
  })

  it('are dropped where a node has none of its own', () => {
    const shape = treeShape([0, 1], [Uint8Array.of(0, 1), Uint8Array.of(0, 1)])
    expect([
      ...(ticksOf(shape, [
        [1, 0],
        [1, 1],
      ]).columns[1] ?? []),
    ]).toEqual([0, 0])
  })
})

describe('what is shown', () => {
  it('is what has only open parents, or what matches with its parents', () => {
    fc.assert(
      fc.property(anyTree, fc.infiniteStream(fc.boolean()), (shape, bits) => {
        const open = Uint8Array.from({ length: shape.size }, () => (bits.next().value === true ? 1 : 0))
        const parents = (node: number): number[] => {
          const up = shape.parent[node] ?? -1
          return up < 0 ? [] : [up, ...parents(up)]
        }
        const into = () => new Int32Array(shape.size)
        const all = Array.from({ length: shape.size }, (_, node) => node)
        expect([...visibleNodes(shape, open, null, into())]).toEqual(
          all.filter((node) => parents(node).every((up) => open[up] === 1)),
        )
        const kept = withParents(shape, open)
        expect([...visibleNodes(shape, open, open, into())]).toEqual(all.filter((node) => kept[node] === 1))
        for (const node of all) if (open[node] === 1) for (const up of parents(node)) expect(kept[up]).toBe(1)
      }),
    )
  })

  it('refuses depths that no tree has', () => {
    expect(() => treeShape([0, 2], [])).toThrow('node 1 is deeper than its parent allows')
  })
})

describe('keys', () => {
  const shape = treeShape([0, 1, 2, 2, 1], [new Uint8Array(5)])
  const place = (position: number, isOpen: boolean, canFold = true) => ({
    shape,
    nodes: Int32Array.of(0, 1, 2, 3, 4),
    position,
    page: 3,
    isOpen: () => isOpen,
    canFold,
  })

  it('move as in every tree', () => {
    expect(moveTo('ArrowDown', place(4, true))).toEqual({ kind: 'go', at: 4 })
    expect(moveTo('ArrowUp', place(0, true))).toEqual({ kind: 'go', at: 0 })
    expect(moveTo('PageDown', place(0, true))).toEqual({ kind: 'go', at: 3 })
    expect(moveTo('Home', place(3, true))).toEqual({ kind: 'go', at: 0 })
    expect(moveTo('End', place(0, true))).toEqual({ kind: 'go', at: 4 })
    expect(moveTo('ArrowRight', place(1, false))).toEqual({ kind: 'open' })
    expect(moveTo('ArrowRight', place(1, true))).toEqual({ kind: 'go', at: 2 })
    expect(moveTo('ArrowLeft', place(1, true))).toEqual({ kind: 'close' })
    expect(moveTo('ArrowLeft', place(1, true, false))).toEqual({ kind: 'go', at: 0 })
    expect(moveTo('ArrowLeft', place(3, true))).toEqual({ kind: 'go', at: 1 })
    expect(moveTo('x', place(3, true))).toBeUndefined()
  })
})

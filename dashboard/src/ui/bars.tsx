/** Bars over days, drawn as SVG. The same numbers stand in a table beside it: for eyes alone, it is hidden from readers. */

export interface Bar {
  readonly label: string
  /** From the ground up; each has the colour of its place. */
  readonly parts: readonly number[]
  readonly total: number
}

const width = 720
const height = 180
const ground = 160
const top = 8
/** Of a day's width. */
const filled = 0.72

export function Bars({ bars }: { readonly bars: readonly Bar[] }) {
  const most = niceAbove(Math.max(1, ...bars.map(({ total }) => total)))
  const step = width / Math.max(1, bars.length)
  const scale = (value: number) => (value / most) * (ground - top)
  const every = Math.ceil(bars.length / 6)
  return (
    <svg className="bars" viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
      {[0.5, 1].map((share) => (
        <g key={share}>
          <line
            className="bars-line"
            x1={0}
            x2={width}
            y1={ground - scale(most * share)}
            y2={ground - scale(most * share)}
          />
          <text className="bars-text" x={0} y={ground - scale(most * share) + 11}>
            {short(most * share)}
          </text>
        </g>
      ))}
      <line className="bars-ground" x1={0} x2={width} y1={ground} y2={ground} />
      {bars.map(({ label, parts, total }, index) => {
        let below = 0
        return (
          <g key={label}>
            <title>{`${label}: ${total.toLocaleString()}`}</title>
            <rect className="bars-day" x={index * step} y={top} width={step} height={ground - top} />
            {parts.map((part, place) => {
              below += part
              return (
                <rect
                  key={place}
                  className={`bars-part bars-part-${place}`}
                  x={index * step + (step * (1 - filled)) / 2}
                  y={ground - scale(below)}
                  width={step * filled}
                  height={scale(part)}
                />
              )
            })}
            {index % every === 0 && (
              <text
                className="bars-text"
                x={index * step + step / 2}
                y={height - 5}
                textAnchor={index === 0 ? "start" : "middle"}
              >
                {label}
              </text>
            )}
          </g>
        )
      })}
    </svg>
  )
}

/** A number for people at a glance: 1.2k, 3.4M. */
export function short(value: number): string {
  return value.toLocaleString(undefined, { notation: "compact", maximumFractionDigits: 1 })
}

/** The least of 1, 2 and 5 times a power of ten that is not below. */
function niceAbove(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value))
  return ([1, 2, 5].find((factor) => factor * power >= value) ?? 10) * power
}

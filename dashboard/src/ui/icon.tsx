/** Small line icons. They decorate: whoever uses one gives its control a name. */
const paths = {
  plus: "M12 5v14M5 12h14",
  send: "M12 19V5M5.5 11.5 12 5l6.5 6.5",
  stop: "M7 7h10v10H7z",
  menu: "M4 7h16M4 12h16M4 17h16",
  close: "M6 6l12 12M18 6 6 18",
  check: "M5 12.5l4.5 4.5L19 7.5",
  cross: "M7 7l10 10M17 7 7 17",
  down: "M12 5v14M5.5 12.5 12 19l6.5-6.5",
  copy: "M9 9h10v11H9zM5 15V4h10",
  chat: "M4 5h16v11H9l-5 4z",
  bolt: "M13 3 5 14h6l-1 7 8-11h-6z",
  plug: "M9 3v5M15 3v5M6 8h12v3a6 6 0 0 1-12 0zM12 17v4",
  box: "M4 7.5 12 3l8 4.5v9L12 21l-8-4.5zM4 7.5l8 4.5 8-4.5M12 12v9",
  people:
    "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2.5 20a6.5 6.5 0 0 1 13 0M16 4.5a3.5 3.5 0 0 1 0 6.3M18 14.5a6.5 6.5 0 0 1 3.5 5.5",
  key: "M8 18a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM11 11l8-8M16 6l3 3",
  sliders: "M4 7h9M17 7h3M15 5v4M4 17h3M11 17h9M9 15v4",
  pulse: "M3 12h4l3 7 4-14 3 7h4",
  plane: "M21 4 3 11l6 2.5L18 7l-6.5 8L17 20z",
  dot: "M12 12h.01",
  archive: "M4 4h16v4H4zM5.5 8v12h13V8M10 12h4",
  unarchive: "M4 4h16v4H4zM5.5 8v12h13V8M12 17v-6M9 13.5l3-3 3 3",
  search: "M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zM15.5 15.5 21 21",
  steps: "M5 6h.01M5 12h.01M5 18h.01M9 6h11M9 12h11M9 18h11",
  bars: "M5 20v-7M12 20V4M19 20v-11",
  more: "M5 11.4a.6.6 0 1 0 0 1.2.6.6 0 0 0 0-1.2zM12 11.4a.6.6 0 1 0 0 1.2.6.6 0 0 0 0-1.2zM19 11.4a.6.6 0 1 0 0 1.2.6.6 0 0 0 0-1.2z",
  save: "M12 4v11M7 10.5l5 5 5-5M5 20h14",
  erase: "M5 7h14M9 7V4h6v3M7 7l1 13h8l1-13M10.5 11v5M13.5 11v5",
  person: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.5 20.5a7.5 7.5 0 0 1 15 0",
  shield: "M12 3.5l7 2.5v5.5c0 4.5-3 7.5-7 9-4-1.5-7-4.5-7-9V6zM9 12l2.2 2.2L15.5 10",
  leave: "M14 4h5v16h-5M10 8l-4 4 4 4M6 12h9",
} as const

export type IconName = keyof typeof paths

export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg className="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={paths[name]} />
    </svg>
  )
}

/** The mark and the name. */
export function Brand() {
  return (
    <span className="brand">
      <svg viewBox="0 0 32 32" aria-hidden="true">
        <rect width="32" height="32" rx="8" className="brand-ground" />
        <path d="M21.5 11.2A7.2 7.2 0 1 0 23.2 16" className="brand-line" />
        <circle cx="23" cy="11" r="2.4" className="brand-dot" />
      </svg>
      Loop Gateway
    </span>
  )
}

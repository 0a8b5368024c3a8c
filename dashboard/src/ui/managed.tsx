/** Marks what the configuration file owns: it is changed there, and nowhere else. */
export function ManagedBadge() {
  return (
    <span className="badge badge-calm" title="loop-gateway.yaml owns this. Change it there.">
      set by file
    </span>
  )
}

/** What happens in the gateway, as it happens. */
import { describeActivity } from "../live/activity.ts"
import { useActivity, useIsLive } from "../live/live.ts"
import { followLink, useTitle } from "../router.ts"
import { Empty } from "../ui/empty.tsx"
import { PageHead } from "../ui/page-head.tsx"

export default function ActivityPage() {
  useTitle("Activity")
  const activity = useActivity()
  const isLive = useIsLive()
  return (
    <div className="page">
      <PageHead title="Activity" note={isLive ? "live" : "connecting"} />
      <div className="page-body">
        <p className="muted">What happened since you opened this page.</p>
        {activity.length === 0 && <Empty icon="pulse">Nothing yet. It will show here by itself.</Empty>}
        <ol className="cards" aria-label="Activity" aria-live="off">
          {activity.map((one) => (
            <li key={one.seq} className="card-facts">
              <time dateTime={one.at}>{new Date(one.at).toLocaleTimeString()}</time> {describeActivity(one)}
              {"conversationId" in one.data && one.event !== "conversation:erased" && (
                <>
                  {" · "}
                  <a href={`/c/${one.data.conversationId}`} onClick={followLink}>
                    open
                  </a>
                </>
              )}
            </li>
          ))}
        </ol>
      </div>
    </div>
  )
}
